/** What a person says of a card: it is retired, it is good after all, its alarm was seen. */
import type { Card } from '../catalog/catalog.ts'
import type { FileRead } from '../domain/card-trust.ts'
import { judgeTrust } from '../domain/card-trust.ts'
import { proves } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CardStatus } from './judge-cards.ts'
import { judgeOneCard, statusOf } from './judge-cards.ts'
import type { Program } from './program.ts'

export interface CardSaid {
  readonly type: 'result'
  readonly schema: 'fivefold.card-said/1'
  readonly outcome: 'done' | 'unchanged' | 'refused'
  readonly card: { readonly id: string; readonly label: string }
  readonly sentence: string
  readonly advice: string | null
  /** Why it was refused, or what stands against the card all the same. */
  readonly because: CardStatus['because']
}

export interface RetireWish {
  readonly card: string
  /** A person takes it out although something is owed; that is written down. */
  readonly anyway: boolean
  readonly why: string | null
}

/** Out of use for good: broken, lost, sold. Fails with `not-found`, or `wrong-usage` when several cards have that label. */
export async function retireCard(program: Program, wish: RetireWish): Promise<Result<CardSaid>> {
  const found = await findOneCard(program, wish.card)
  if (!found.ok) return found
  const card = found.value
  if (card.retiredAtMs !== null)
    return done(said(card, 'unchanged', `Card “${card.label}” is retired already: nothing was changed.`))
  const { catalog, clock } = program
  const atMs = clock.nowMs()
  const status = statusOf(await judgeOneCard(program, card, atMs))
  // A card from which nothing was ever read holds nothing that Fivefold knows to be owed.
  const owed = status.because.filter(({ code }) => code !== 'never-read' && code !== 'evidence-old')
  if (owed.length > 0 && !wish.anyway)
    return done({
      ...said(card, 'refused', `Card “${card.label}” is not retired: its last roll is still owed.`),
      advice: `Settle that first. When the card is lost or broken, say so: fivefold card retire ${card.id} --anyway`,
      because: owed,
    })
  const runId = await catalog.beginRun('card retire', { card: card.id, anyway: wish.anyway, why: wish.why }, atMs)
  await catalog.retireCard(card.id, atMs)
  const notes = owed.map(({ code, sentence }) => ({ atMs, code, placeId: null, path: null, sentence }))
  await catalog.noteRun(runId, notes)
  await catalog.endRun(runId, 'done', atMs)
  const left =
    owed.length === 0
      ? 'Nothing of it was owed.'
      : 'What is still owed of it stays in its jobs, and is called missing there.'
  return done({
    ...said(card, 'done', `Card “${card.label}” is retired: don’t use it any more. ${left}`),
    because: owed,
  })
}

/** V4: it was the reader, not the card. Fails as `retireCard` does. */
export async function trustCard(program: Program, idOrLabel: string): Promise<Result<CardSaid>> {
  const found = await findOneCard(program, idOrLabel)
  if (!found.ok) return found
  const card = found.value
  const { catalog, clock } = program
  const last = await catalog.lastRoll(card.id)
  if (card.suspect === null && last?.roll.secondRead !== 'differed')
    return done(said(card, 'unchanged', `Card “${card.label}” is not suspect: nothing was changed.`))
  const files = (last?.files ?? []).map(({ path, hash, second }): FileRead => ({
    path,
    hashed: hash !== null,
    second: second === null ? null : asRead(second),
  }))
  const trust = judgeTrust(files, card.suspect?.atMs ?? 0)
  const atMs = clock.nowMs()
  if (trust.kind === 'stays-suspect' || last === null)
    return done({
      ...said(
        card,
        'refused',
        `Card “${card.label}” stays suspect. ${trust.kind === 'may-trust' ? '' : trust.sentence}`,
      ),
      advice: 'Put it into another reader, run “fivefold ingest” with its folder, and say this again.',
    })
  const runId = await catalog.beginRun('card trust', { card: card.id, suspect: card.suspect?.why ?? null }, atMs)
  await catalog.setRollSecondRead(last.roll.id, 'agreed', atMs)
  await catalog.trustCard(card.id)
  await catalog.endRun(runId, 'done', atMs)
  return done(
    said(
      card,
      'done',
      `Card “${card.label}” is trusted again: every file of its last roll was read once more, and agreed. If it happens again, retire it.`,
    ),
  )
}

const asRead = ({ finding, strength, atMs }: NonNullable<CardSecondRead>): NonNullable<FileRead['second']> => ({
  agreed: finding === 'agreed',
  pastTheCache: proves({ atMs, strength, finding: 'agreed', deviceId: '' }),
  atMs,
})

type CardSecondRead = NonNullable<Awaited<ReturnType<Program['catalog']['lastRoll']>>>['files'][number]['second']

/** A person knows now that the card was formatted without leave. Fails as `retireCard` does. */
export async function seeCardAlarms(program: Program, idOrLabel: string): Promise<Result<CardSaid>> {
  const found = await findOneCard(program, idOrLabel)
  if (!found.ok) return found
  const card = found.value
  const seen = await program.catalog.markCardEventsSeen(card.id, program.clock.nowMs())
  if (seen === 0) return done(said(card, 'unchanged', `Nothing about card “${card.label}” was waiting to be seen.`))
  return done({
    ...said(
      card,
      'done',
      `${seen === 1 ? 'The alarm' : `${seen} alarms`} about card “${card.label}” will not be shown as new any more.`,
    ),
    advice:
      'What has no proven copy stays missing in its job. If you have another card of that name, put it in before anything else: its pictures may be on it.',
  })
}

const said = (card: Card, outcome: CardSaid['outcome'], sentence: string): CardSaid => ({
  type: 'result',
  schema: 'fivefold.card-said/1',
  outcome,
  card: { id: card.id, label: card.label },
  sentence,
  advice: null,
  because: [],
})

/** One card, by id, or by a label that only one card in use has. */
export async function findOneCard(program: Program, idOrLabel: string): Promise<Result<Card>> {
  const all = await program.catalog.card(idOrLabel)
  const inUse = all.filter(({ id, retiredAtMs }) => id === idOrLabel || retiredAtMs === null)
  const cards = inUse.length > 0 ? inUse : all
  const [only, ...more] = cards.some(({ id }) => id === idOrLabel) ? cards.filter(({ id }) => id === idOrLabel) : cards
  if (only === undefined)
    return failed({
      code: 'not-found',
      sentence: `No card called “${idOrLabel}” was seen yet.`,
      advice: 'See “fivefold card list”.',
    })
  if (more.length === 0) return done(only)
  const each: string[] = []
  for (const { id } of cards) {
    const last = await program.catalog.lastRoll(id)
    each.push(last === null ? id : `${id} (roll ${last.roll.name})`)
  }
  return failed({
    code: 'wrong-usage',
    sentence: `${cards.length} cards are called “${idOrLabel}”.`,
    advice: `Say which one by its id: ${each.join('; ')}.`,
  })
}
