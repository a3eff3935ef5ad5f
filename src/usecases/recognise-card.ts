/** Which card is this, and is what lies on it its last roll or a new one? By reading only (C1). */
import type { Card, CardEvent, CardMatch, RollFileRecord, RollRecord, WarningRecord } from '../catalog/catalog.ts'
import type { CardListing, CardSigns } from '../domain/card.ts'
import type { CandidateCard, CardIdentity } from '../domain/card-identity.ts'
import { countStillThere, identifyCard } from '../domain/card-identity.ts'
import type { CardStructure } from '../domain/card-structure.ts'
import { recogniseCard } from '../domain/card-structure.ts'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { sayFormattedWithoutLeave } from '../domain/format-alarm.ts'
import type { CardId, RollId } from '../domain/ids.ts'
import type { RollTold } from '../domain/roll.ts'
import { tellRoll } from '../domain/roll.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { JudgedCard } from './judge-cards.ts'
import { judgeOneCard } from './judge-cards.ts'
import type { Program } from './program.ts'

export interface RecognisedCard {
  readonly signs: CardSigns
  readonly listing: CardListing
  readonly structure: CardStructure
  /** The card as it was known before; null for a card never seen. */
  readonly known: Card | null
  /** The roll that what lies on it is compared with: its last one, or the earlier one that is still on it. */
  readonly last: { readonly roll: RollRecord; readonly files: readonly RollFileRecord[] } | null
  readonly told: RollTold
  /** What became of the card since it was seen; told to a person, and kept when the ingest begins. */
  readonly events: readonly CardHappening[]
}

export interface CardHappening {
  /** `may-be-another`: nothing is recorded of it, for it is only a guess. */
  readonly code: CardEvent['kind'] | 'may-be-another'
  readonly rollId: RollId | null
  readonly sentence: string
}

/** Fails with `not-found`, `not-a-card`, `listing-incomplete`, `card-gone` or `card-hung`. Records nothing. */
export async function recogniseInserted(
  program: Program,
  mover: Mover,
  path: string,
  cancel: Cancel,
): Promise<Result<RecognisedCard>> {
  const signs = await mover.signs(program.paths.absolute(path))
  if (!signs.ok) return signs
  const listing = await mover.list(signs.value.root, cancel)
  if (!listing.ok) return listing
  if (!listing.value.complete)
    return failed({
      code: 'listing-incomplete',
      sentence: `The card “${signs.value.label}” could not be listed to the end${unreadableIn(listing.value)}.`,
      advice:
        'Look whether you may read that folder, or try another reader; then run the same command again. Nothing was copied.',
      path: signs.value.root,
    })
  const { files, emptyFolders } = listing.value
  const structure = recogniseCard([...files.map((file) => file.path), ...emptyFolders.map((path) => `${path}/`)])
  if (!structure.isCard)
    return failed({
      code: 'not-a-card',
      sentence: `${signs.value.root} does not look like a camera’s card: there is no DCIM folder or anything else that a camera makes.`,
      advice:
        'Give the card’s top folder, the one that holds DCIM or PRIVATE. “fivefold check” tells of any folder what is known of it.',
      path: signs.value.root,
    })
  return done({
    signs: signs.value,
    listing: listing.value,
    structure,
    ...(await findCard(program, signs.value, listing.value)),
  })
}

type FoundCard = Pick<RecognisedCard, 'known' | 'last' | 'told' | 'events'>

async function findCard(program: Program, signs: CardSigns, listing: CardListing): Promise<FoundCard> {
  const matches = await program.catalog.findCards(signs)
  const [surest] = matches
  if (surest !== undefined && isSure(surest.match, signs)) {
    // The usual case needs no look into older rolls: the card was not formatted since.
    const last = await program.catalog.lastRoll(surest.card.id)
    const told = tellRoll(last?.files ?? [], listing)
    if (told.kind === 'same') return { known: surest.card, last, told, events: [] }
  }
  const nowMs = program.clock.nowMs()
  const candidates: (CandidateCard & JudgedCard)[] = []
  for (const { card, match } of matches)
    candidates.push(await compareWith(program, card, isSure(match, signs) ? 'sure' : 'alike', listing, nowMs))
  return asFound(program, candidates, listing, identifyCard({ listing, candidates }, nowMs), nowMs)
}

/** Some cameras give each card the id zero, which tells nothing. */
const isSure = (match: CardMatch, { fileSystemUuid }: CardSigns): boolean =>
  match === 'same-folder' || (match === 'uuid-and-size' && /[^0-]/.test(fileSystemUuid ?? ''))

/** One roll after the other, so that the files of all rolls of a dozen cards are never in memory at once. */
async function compareWith(
  program: Program,
  card: Card,
  match: CandidateCard['match'],
  listing: CardListing,
  nowMs: number,
): Promise<CandidateCard & JudgedCard> {
  const rolls: CandidateCard['rolls'][number][] = []
  for (const { id, number } of await program.catalog.rolls({ cardId: card.id })) {
    const files = await program.catalog.rollFiles(id)
    rolls.push({ rollId: id, number, files: files.length, stillThere: countStillThere(files, listing) })
  }
  return { ...(await judgeOneCard(program, card, nowMs)), match, lastSeenAtMs: card.lastSeenAtMs, rolls }
}

async function asFound(
  program: Program,
  candidates: readonly (CandidateCard & JudgedCard)[],
  listing: CardListing,
  identity: CardIdentity,
  nowMs: number,
): Promise<FoundCard> {
  if (identity.kind === 'new-card')
    return {
      known: null,
      last: null,
      told: tellRoll([], listing),
      events: mayBeAnother(candidates.filter(({ cardId }) => identity.mayBe.includes(cardId))),
    }
  const candidate = candidates.find(({ cardId }) => cardId === identity.cardId)
  if (candidate === undefined) throw new Error(`A card that nobody proposed was recognised: ${identity.cardId}`)
  const { card } = candidate
  if (identity.kind === 'formatted') {
    const last = await program.catalog.lastRoll(card.id)
    const told = tellRoll(last?.files ?? [], listing)
    return {
      known: card,
      last,
      told,
      events: formatEvents(program, candidate, identity.leave, last?.roll ?? null, nowMs),
    }
  }
  const roll = await program.catalog.roll(identity.rollId)
  if (roll === null) throw new Error(`A roll that is not in the books was recognised: ${identity.rollId}`)
  const last = { roll, files: await program.catalog.rollFiles(roll.id) }
  return {
    known: card,
    last,
    told: tellRoll(last.files, listing),
    events: identity.notItsRoll === null ? [] : [wasAnother(card, roll, identity.notItsRoll)],
  }
}

const wasAnother = ({ label }: Card, roll: RollRecord, rollId: RollId): CardHappening => ({
  code: 'was-another-card',
  rollId,
  sentence: `Card “${label}” still holds the roll “${roll.name}”, so what was read after it came from another card of the same name. They are two cards from now on.`,
})

function formatEvents(
  program: Program,
  { label, facts, verdict }: JudgedCard,
  leave: Extract<CardIdentity, { kind: 'formatted' }>['leave'],
  last: RollRecord | null,
  nowMs: number,
): readonly CardHappening[] {
  if (leave === 'none-needed' || last === null) return []
  if (leave === 'given')
    return [{ code: 'formatted', rollId: last.id, sentence: `Card “${label}” was formatted; it was free.` }]
  const because = verdict.kind === 'keep' ? verdict.because : []
  const alarm = { label, facts, notCopied: facts.notCopied, because }
  return [
    {
      code: 'formatted-without-leave',
      rollId: last.id,
      sentence: sayFormattedWithoutLeave(alarm, program.settings.policy, nowMs),
    },
  ]
}

const namesMax = 5

function mayBeAnother(candidates: readonly JudgedCard[]): readonly CardHappening[] {
  if (candidates.length === 0) return []
  const names = candidates.slice(0, namesMax).map(({ label, lastRoll }) => `“${lastRoll?.name ?? label}”`)
  const more = candidates.length > namesMax ? ` or one of ${candidates.length - namesMax} more` : ''
  const sentence = `This is taken for a new card. If it is the one that held the roll ${names.join(' or ')}${more}, it was formatted although that was still owed: keep it as it is, and see “fivefold card list”.`
  return [{ code: 'may-be-another', rollId: null, sentence }]
}

/** What a person is to know of the card itself, as warnings of the ingest; that a free card was formatted is no news. */
export const sayEvents = ({ events }: RecognisedCard): readonly WarningRecord[] =>
  events.flatMap(({ code, sentence }) => (code === 'formatted' ? [] : [{ path: '', code, sentence }]))

/** Writes down which card is here and what became of it. May be said again after a crash: an event is kept once (J1). */
export async function saveRecognised(program: Program, card: RecognisedCard, atMs: number): Promise<Card> {
  const { catalog } = program
  const { known } = card
  if (known !== null) {
    const strayRoll = card.events.find(({ code }) => code === 'was-another-card')?.rollId ?? null
    if (strayRoll !== null) await answerAlarms(program, known.id, card.last?.roll ?? null, atMs)
    // Before the books change: killed in between, the next run sees the same, and says it again.
    for (const event of card.events) await keepEvent(program, known.id, event, atMs)
    if (strayRoll !== null) await catalog.splitCard(strayRoll, signsOf(known), known.lastSeenAtMs)
  }
  return catalog.saveCard({
    ...(known === null ? {} : { id: known.id }),
    signs: card.signs,
    maker: card.structure.kind,
    structure: card.structure.makers.join(' ') || null,
    atMs,
  })
}

/** A roll that lies on its card was not formatted: the alarm about it, and about what came later, is answered by the card itself. */
async function answerAlarms(program: Program, cardId: CardId, there: RollRecord | null, atMs: number): Promise<void> {
  const numbers = new Map((await program.catalog.rolls({ cardId })).map(({ id, number }) => [id, number]))
  const unseen = await program.catalog.cardEvents({ cardId, unseenOnly: true })
  const isAnswered = ({ kind, rollId }: CardEvent): boolean =>
    kind !== 'formatted-without-leave' ||
    (there !== null && rollId !== null && (numbers.get(rollId) ?? 0) >= there.number)
  if (unseen.every(isAnswered)) await program.catalog.markCardEventsSeen(cardId, atMs)
}

async function keepEvent(
  program: Program,
  cardId: CardId,
  { code, rollId, sentence }: CardHappening,
  atMs: number,
): Promise<void> {
  if (code === 'may-be-another') return
  const before = await program.catalog.cardEvents({ cardId })
  if (before.some((event) => event.kind === code && event.rollId === rollId)) return
  await program.catalog.recordCardEvent({ cardId, atMs, kind: code, rollId, sentence })
}

const signsOf = ({ label, fileSystemUuid, fileSystem, volumeBytes, root, isVolume }: Card): CardSigns => ({
  label,
  fileSystemUuid,
  fileSystem,
  volumeBytes,
  root,
  isVolume,
})

function unreadableIn({ leftOut }: CardListing): string {
  const folder = leftOut.find(({ why }) => why === 'unreadable-folder')
  return folder === undefined ? '' : `: the folder ${folder.path} can't be read`
}
