import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { NameFacts } from './folder-names.ts'
import { fillTemplate, noFacts } from './folder-names.ts'
import type { NameTemplate, TemplateKind } from './name-template.ts'
import { defaultJobTemplate, defaultRollTemplate, parseTemplate } from './name-template.ts'
import { utf8Bytes } from './text-bytes.ts'

function soundTemplate(text: string, kind: TemplateKind): NameTemplate {
  const parsed = parseTemplate(text, kind)
  assert.ok(parsed.ok, parsed.ok ? '' : `${text}: ${parsed.sentence}`)
  return parsed.template
}

const wedding: NameFacts = {
  job: 'Wedding',
  client: 'Miller',
  shot: '2026-11-20T14:03:07.5',
  ingest: '2026-11-21T09:00:00',
  make: 'Canon',
  model: 'Canon EOS R5',
  serial: '012345',
  card: 'EOS_DIGITAL',
  roll: 'EOS_DIGITAL 03',
  path: 'DCIM/100CANON/IMG_0001.CR3',
  sequence: 7,
}

const fill = (text: string, kind: TemplateKind, facts: Partial<NameFacts> = {}): string =>
  fillTemplate(soundTemplate(text, kind), { ...wedding, ...facts })

test('the default templates give the folders of the contract', () => {
  assert.equal(fill(defaultJobTemplate, 'job'), '2026/2026-11-20 Miller Wedding')
  assert.equal(fill(defaultRollTemplate, 'roll'), 'EOS_DIGITAL 03')
})

test('every token stands for its fact', () => {
  assert.equal(
    fill('{shot:yy.MM.dd}/{shot:HHmm-ss_fff} {ingest:yyyyMMdd}/{seq:4} {folder} {stem}.{extension}', 'file'),
    '26.11.20/1403-07_500 20261121/0007 100CANON IMG_0001.CR3',
  )
  assert.equal(
    fill('{make}/{model} {serial}/{card} {name}', 'file'),
    'Canon/Canon EOS R5 012345/EOS_DIGITAL IMG_0001.CR3',
  )
  assert.equal(fill('{camera} {roll}', 'roll'), 'Canon EOS R5 EOS_DIGITAL 03')
  assert.equal(fill('{camera} {roll}', 'roll', { make: 'SONY', model: 'ILCE-7M3' }), 'SONY ILCE-7M3 EOS_DIGITAL 03')
  assert.equal(
    fill('{camera} {roll}', 'roll', { make: 'NIKON CORPORATION', model: 'NIKON Z 8' }),
    'NIKON Z 8 EOS_DIGITAL 03',
  )
})

test('what is not known leaves no gap', () => {
  assert.equal(fill(defaultJobTemplate, 'job', { client: null }), '2026/2026-11-20 Wedding')
  assert.equal(fill(defaultJobTemplate, 'job', { client: '  ' }), '2026/2026-11-20 Wedding')
  assert.equal(fill(defaultJobTemplate, 'job', { shot: null }), 'Miller Wedding')
  assert.equal(fill(defaultJobTemplate, 'job', { shot: 'nonsense', client: null }), 'Wedding')
  assert.equal(fillTemplate(soundTemplate(defaultJobTemplate, 'job'), noFacts), 'untitled')
  assert.equal(fill('{client} - {job} - {shot:yyyy}', 'job', { job: null }), 'Miller - 2026')
  assert.equal(fill('{client} - {job} - {shot:yyyy}', 'job', { client: null }), 'Wedding - 2026')
  assert.equal(fill('{client} - {job} - {shot:yyyy}', 'job', { shot: null }), 'Miller - Wedding')
  assert.equal(fill('{client} - {job} - {shot:yyyy}', 'job', { client: null, shot: null }), 'Wedding')
  assert.equal(fill('{job} ({client})', 'job', { client: null }), 'Wedding')
  assert.equal(fill('{seq:4}.{extension}', 'file', { sequence: null }), 'untitled.CR3')
  assert.equal(fill('{stem}.{extension}', 'file', { path: 'A/README' }), 'README')
})

test('what a value may not do in a name is taken from it', () => {
  for (const [client, folder] of [
    ['Smith/Jones', 'Smith-Jones Wedding'],
    ['..', 'Wedding'],
    ['../../etc', '-..-etc Wedding'],
    ['C:\\Windows', 'C--Windows Wedding'],
    ['a\u0000b\nc\td', 'a b c d Wedding'],
    ['"Best" <of> 2026?', '-Best- -of- 2026- Wedding'],
    ['\u202Egpj.exe', 'gpj.exe Wedding'],
    ['lone\uD800', 'lone\uFFFD Wedding'],
    ['Cafe\u0301', 'Caf\u00E9 Wedding'],
    ['👩‍📷', '👩‍📷 Wedding'],
  ] as const) {
    assert.equal(fill('{client} {job}', 'job', { client }), folder)
  }
  assert.equal(fill('{job}', 'job', { job: 'The end...' }), 'The end')
  assert.equal(fill('{job}', 'job', { job: 'con' }), '_con')
  assert.equal(fill('{job}', 'job', { job: 'LPT1.2026' }), '_LPT1.2026')
  assert.equal(fill('{job}', 'job', { job: '@eaDir' }), '_@eaDir')
  assert.equal(fill('{job}', 'job', { job: '.fivefold' }), 'fivefold')
})

test('a long name is cut at a character, and a file keeps its extension', () => {
  const job = fill('{job}', 'job', { job: '😀'.repeat(100) })
  assert.equal(job, '😀'.repeat(63))
  const file = fill('{client} {stem}.{extension}', 'file', { client: 'é'.repeat(200) })
  assert.ok(file.endsWith('.CR3'))
  assert.ok(utf8Bytes(file) <= 255 && utf8Bytes(file) > 250)
})

const refused: readonly (readonly [TemplateKind, string, RegExp])[] = [
  ['job', '', /empty/],
  ['job', '{job} {cleint}', /\{cleint\} is not known/],
  ['job', '{job} {name}', /\{name\} is not known/],
  ['job', '{job} {seq:4}', /\{seq:4\} is not known/],
  ['job', '{job:4}', /nothing after a colon/],
  ['job', '{job} {shot}', /which part of the date/],
  ['job', '{job} {shot:YYYY}', /can not be read/],
  ['job', '{job} {shot:HH:mm}', /can not be read/],
  ['job', '{job} {shot:yyyy/MM}', /brace|date/],
  ['job', '{job', /brace/],
  ['job', '{job}}', /brace/],
  ['job', '{client}', /Two jobs/],
  ['roll', '{card}', /Two rolls/],
  ['file', '{shot:yyyy}.{extension}', /same name/],
  ['file', '{stem}/{shot:yyyy}.{extension}', /same name/],
  ['file', '{stem}', /extension/],
  ['file', '{stem}{extension}', /extension/],
  ['file', '{seq:0}.{extension}', /number of digits/],
  ['file', '{seq:x}.{extension}', /number of digits/],
  ['job', '../{job}', /climbs/],
  ['job', '{job}/../x', /climbs/],
  ['job', './{job}', /climbs/],
  ['job', '/{job}', /top of a disk/],
  ['job', 'C:/{job}', /top of a disk/],
  ['job', 'a\\{job}', /backslash/],
  ['job', 'a//{job}', /without a name/],
  ['job', '{job}/', /without a name/],
  ['job', '{job}/ ', /without a name/],
  ['job', '{job}.', /ends in a dot/],
  ['job', 'x /{job}', /ends in a dot or a space/],
  ['job', '.fivefold/{job}', /begins with a dot/],
  ['job', 'NUL/{job}', /device/],
  ['job', 'what?/{job}', /\?/],
  ['job', '{job}\n', /can not be seen/],
  ['job', `{job}${'/x'.repeat(8)}`, /more than 8 folders/],
  ['job', `{job} ${'x'.repeat(150)}`, /no room/],
  ['job', `{job}${' {client}'.repeat(60)}`, /longer than/],
]

test('a template that would fail later is refused when it is set, with what to write instead', () => {
  for (const [kind, text, sentence] of refused) {
    const parsed = parseTemplate(text, kind)
    assert.ok(!parsed.ok, `${text} was taken`)
    assert.match(parsed.sentence, sentence, text)
    assert.ok(parsed.advice.length > 5, text)
  }
})

test('no filling ever climbs out, hides, or makes a name that a system refuses', () => {
  const value = fc.option(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        '../..',
        'C:\\',
        'CON',
        'a.',
        ' ',
        '-',
        '._x',
        '\u0000',
        '. .',
        '_',
        '\uD800',
      ),
      fc.string({ unit: 'grapheme', minLength: 60, maxLength: 90 }),
    ),
  )
  const facts = fc.record({
    job: value,
    client: value,
    shot: fc.constantFrom(null, '2026-11-20T14:03:07.123', '2026', '../'),
    ingest: fc.constantFrom(null, '2026-11-21T09:00:00'),
    make: value,
    model: value,
    serial: value,
    card: value,
    roll: value,
    path: fc.option(fc.tuple(value, value).map(([folder, name]) => `${folder ?? ''}/${name ?? 'x'}.JPG`)),
    sequence: fc.option(fc.nat()),
  })
  const templates = [
    soundTemplate(defaultJobTemplate, 'job'),
    soundTemplate('{client}/{client}{job} ({client})/x', 'job'),
    soundTemplate('{camera}-{serial} {roll}', 'roll'),
    soundTemplate('{folder}/{shot:yyyy-MM-dd}_{seq:4}.{extension}', 'file'),
    soundTemplate('{card}/{client}_{name}', 'file'),
  ]
  fc.assert(
    fc.property(facts, fc.constantFrom(...templates), (known, template) => {
      const path = fillTemplate(template, known)
      for (const name of path.split('/')) {
        assert.ok(name !== '' && !name.startsWith('.') && !/[. ]$/.test(name), path)
        assert.ok(utf8Bytes(name) <= 255, name)
        assert.doesNotMatch(name, /[\\<>:"|?*\p{Cc}]| {2}|^ |^(con|nul)(\.|$)/iu, path)
        assert.equal(Buffer.from(name).toString(), name)
      }
      assert.ok(path.split('/').length <= template.segments.length)
    }),
    { numRuns: 300 },
  )
})
