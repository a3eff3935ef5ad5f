import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as assertAll, property, subarray } from 'fast-check'
import type { Fact, NewsNow, NewsRules, Told } from './news-rules.ts'
import { whatToTell } from './news-rules.ts'
import { dayMs } from './policy.ts'

const beginMs = Date.UTC(2026, 10, 20, 12)
const hourMs = dayMs / 24
const nothingTold: Told = { facts: [], digestAtMs: null }
const rules: NewsRules = { quiet: 'none', digest: 'off' }
const wiped: Fact = { key: 'check-failed nas', code: 'check-failed', sentence: '“NAS” looks wiped.', sinceMs: beginMs }
const offline: Fact = { key: 'place-offline nas', code: 'place-offline', sentence: '“NAS” is away.', sinceMs: beginMs }

const at = (nowMs: number, facts: readonly Fact[]): NewsNow => ({
  facts,
  sentence: 'All is safe.',
  localTime: new Date(nowMs).toISOString().slice(0, 19),
})

/** Looks every `stepMs` for so long; answers what was told, with the hours after the beginning. */
function over(
  forMs: number,
  factsAt: (nowMs: number) => readonly Fact[],
  by: NewsRules = rules,
  stepMs = 5 * 60_000,
): { hour: number; level: string; text: string }[] {
  let told = nothingTold
  const heard: { hour: number; level: string; text: string }[] = []
  for (let nowMs = beginMs; nowMs <= beginMs + forMs; nowMs += stepMs) {
    const answer = whatToTell(told, at(nowMs, factsAt(nowMs)), by, nowMs)
    told = answer.told
    for (const { level, text } of answer.messages)
      heard.push({ hour: Math.floor((nowMs - beginMs) / hourMs), level, text })
  }
  return heard
}

test('one alarm for a fact, however long it lasts and whatever its sentence counts, and one word when it is over', () => {
  const heard = over(10 * dayMs, (nowMs) =>
    nowMs < beginMs + 5 * dayMs
      ? [{ ...wiped, sentence: `For ${Math.floor((nowMs - beginMs) / dayMs)} days “NAS” looks wiped.` }]
      : [],
  )
  assert.deepEqual(heard, [
    { hour: 0, level: 'alarm', text: 'For 0 days “NAS” looks wiped.' },
    { hour: 120, level: 'alarm', text: 'This is settled: For 0 days “NAS” looks wiped.' },
  ])
})

test('a NAS that restarts is no alarm, one that stays away for a day is', () => {
  assert.deepEqual(
    over(dayMs, (nowMs) => (nowMs < beginMs + hourMs ? [offline] : [])),
    [],
  )
  assert.deepEqual(
    over(3 * dayMs, () => [offline]).map(({ hour }) => hour),
    [24],
  )
})

test('in quiet hours nothing is sent, and nothing is forgotten', () => {
  const night = { ...rules, quiet: { fromMinute: 22 * 60, toMinute: 7 * 60 } } as const
  const since = beginMs + 12 * hourMs
  const heard = over(dayMs, (nowMs) => (nowMs < since ? [] : [{ ...wiped, sinceMs: since }]), night)
  // It began at midnight, and is told at seven.
  assert.deepEqual(
    heard.map(({ hour }) => hour),
    [19],
  )
})

test('the week in one sentence: on Mondays at nine, once, and not for a home that began an hour ago', () => {
  const heard = over(30 * dayMs, () => [], { ...rules, digest: 'weekly' })
  const days = heard.map(({ hour }) => new Date(beginMs + hour * hourMs))
  assert.equal(heard.length, 4)
  assert.ok(
    days.every((day) => day.getUTCDay() === 1 && day.getUTCHours() === 9),
    days.join(' '),
  )
  assert.ok(heard.every(({ text, level }) => text === 'All is safe.' && level === 'digest'))
})

test('a Monday on which the computer was off is caught up', () => {
  let told: Told = { facts: [], digestAtMs: Date.UTC(2026, 10, 16, 9) }
  const tuesday = Date.UTC(2026, 10, 24, 15)
  const answer = whatToTell(told, at(tuesday, [wiped]), { ...rules, digest: 'weekly' }, tuesday)
  assert.deepEqual(
    answer.messages.map(({ level }) => level),
    ['alarm', 'digest'],
  )
  assert.match(answer.messages[1]?.text ?? '', /All is safe\. .*wiped/)
  told = answer.told
  const later = whatToTell(told, at(tuesday + hourMs, [wiped]), { ...rules, digest: 'weekly' }, tuesday + hourMs)
  assert.deepEqual(later.messages, [])
})

test('whatever comes and goes: never the same fact twice in a row, never “settled” for what was not told', () => {
  const keys = ['a', 'b', 'c'] as const
  assertAll(
    property(array(subarray([...keys]), { maxLength: 40 }), (looks) => {
      let told = nothingTold
      const isTold = new Map<string, boolean>()
      for (const [index, present] of looks.entries()) {
        const nowMs = beginMs + index * hourMs
        const facts = present.map((key) => ({ ...wiped, key, sinceMs: beginMs }))
        const answer = whatToTell(told, at(nowMs, facts), rules, nowMs)
        told = answer.told
        for (const { details, text } of answer.messages) {
          const { key } = details as { key: string }
          const settled = text.startsWith('This is settled')
          assert.equal(isTold.get(key) ?? false, settled)
          isTold.set(key, !settled)
        }
        for (const key of keys) assert.equal(isTold.get(key) ?? false, present.includes(key))
      }
    }),
  )
})
