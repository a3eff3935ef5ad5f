import assert from 'node:assert/strict'
import { isAbsolute, relative } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { signsOf } from '../catalog/sample.test.ts'
import type { CardSigns } from '../domain/card.ts'
import { done, failed } from '../domain/failure.ts'
import type { Whereabouts } from '../engine/contracts.ts'
import { demandNoCard } from './on-a-card.ts'
import { makeDesk, moverWith } from './sample.test.ts'

const to = '/mnt/elsewhere/new'
const canon = { ...signsOf('EOS_DIGITAL'), root: '/mnt/elsewhere' }

/** The desk knows the card EOS_DIGITAL; `lies` says where a path leads today. */
async function makeLook(context: TestContext, folderCard: string | null = null) {
  const desk = await makeDesk(context, 1)
  const isInside = (inner: string, outer: string): boolean => {
    const way = relative(outer, inner)
    return way === '' || (!way.startsWith('..') && !isAbsolute(way))
  }
  const program = { ...desk.program, paths: { ...desk.program.paths, isInside } }
  if (folderCard !== null) {
    const signs = { ...plainFolder, label: 'SONY', root: folderCard }
    await desk.catalog.saveCard({ signs, maker: null, structure: null, atMs: 1 })
  }
  return {
    desk,
    look: async (path: string, lies: (path: string) => Whereabouts | null): Promise<string> => {
      const whereIs = async (asked: string) => {
        const where = lies(asked)
        return where === null ? failed({ code: 'place-unknown', sentence: 'Silence.', advice: '' }) : done(where)
      }
      const answer = await demandNoCard(program, moverWith({ whereIs }), path)
      return answer.ok ? 'no card' : `${answer.failure.code}: ${answer.failure.sentence}`
    },
  }
}

const plainFolder: CardSigns = {
  label: '',
  fileSystemUuid: null,
  fileSystem: 'ext4',
  volumeBytes: null,
  root: '/',
  isVolume: false,
}
const on =
  (change: Partial<CardSigns>) =>
  (folder: string): Whereabouts => ({ folder, isWhole: true, volume: { ...canon, ...change } })

test('[C1] a known card is known wherever it is mounted, also when it was retired', async (context) => {
  const { desk, look } = await makeLook(context)
  assert.match(await look(to, on({})), /^target-inside-source: .*on the card “EOS_DIGITAL”: nothing is ever written/)
  assert.match(await look(to, on({ label: 'renamed' })), /on the card “EOS_DIGITAL”/)
  await desk.catalog.retireCard(desk.card.id, 50)
  assert.match(await look(to, on({})), /on the card “EOS_DIGITAL”/)
})

test('[C1] a card that a camera formatted is doubt enough; another disk is not', async (context) => {
  const { desk, look } = await makeLook(context)
  assert.match(await look(to, on({ fileSystemUuid: 'new' })), /may lie on the card “EOS_DIGITAL”, formatted since/)
  assert.equal(await look(to, on({ fileSystemUuid: 'new', label: 'SAFE A' })), 'no card')
  assert.equal(await look(to, on({ fileSystemUuid: 'new', volumeBytes: 2e12 })), 'no card')
  await desk.catalog.saveCard({
    id: desk.card.id,
    signs: { ...canon, fileSystemUuid: 'new', label: 'other' },
    maker: null,
    structure: null,
    atMs: 60,
  })
  assert.match(await look(to, on({})), /on the card/, 'by the id that it had before')
})

test('[C1] what can not be told is no permission', async (context) => {
  const { look } = await makeLook(context)
  assert.match(await look(to, () => null), /^place-unknown: Silence/)
  assert.match(await look(to, on({ ...plainFolder, fileSystem: null })), /^place-unknown: .*may be a card/)
  assert.match(await look(to, on({ fileSystemUuid: null, label: 'x' })), /on the card/, 'its size to the byte')
  const mute = { fileSystemUuid: null, volumeBytes: null, label: 'x' }
  assert.match(await look(to, on({ ...mute, root: '/media/EOS_DIGITAL' })), /on the card/, 'its mount point')
  assert.equal(await look(to, on(mute)), 'no card')
  assert.equal(await look(to, on(plainFolder)), 'no card')
})

test('[C1] a card that is a folder is known by where its path and the asked one really lead', async (context) => {
  const { look } = await makeLook(context, '/cards/SONY')
  const real = (links: Record<string, string>) => (path: string) => ({
    folder: links[path] ?? path,
    isWhole: true,
    volume: plainFolder,
  })
  assert.match(await look('/cards/SONY/DCIM', real({})), /on the card “SONY”/)
  assert.match(await look('/home/link', real({ '/home/link': '/cards/SONY/DCIM' })), /on the card “SONY”/)
  const moved = { '/cards/SONY': '/disk/SONY', '/disk/SONY/x': '/disk/SONY' }
  assert.match(await look('/disk/SONY/x', real(moved)), /on the card “SONY”/)
  assert.equal(await look('/cards/SONYA', real({})), 'no card')
  const gone = (path: string) => ({ folder: '/cards', isWhole: path !== '/cards/SONY', volume: plainFolder })
  assert.equal(await look('/cards/other', gone), 'no card', 'a folder that is gone does not make a card of those above')
})
