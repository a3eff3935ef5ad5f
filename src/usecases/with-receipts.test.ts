import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Receipt } from '../domain/receipt.ts'
import type { CopyReport, Mover, ProveOrder } from '../engine/contracts.ts'
import { makeDesk, moverWith, nas } from './sample.test.ts'
import { withReceipts } from './with-receipts.ts'

const receipt: Receipt = { algorithm: 'md5', digest: 'abc', storedBytes: 1000, objectId: 'id-1', grade: 'A' }
const never = new AbortController().signal

test('[W3] what a service said is written down with its copy, and it is asked by that the next time', async (context) => {
  const desk = await makeDesk(context, 1)
  const [read] = desk.reads
  assert.ok(read?.hash !== undefined && read.hash !== null)
  const { hash } = read
  const path = `${desk.roll.folder}/one.CR3`
  const orders: ProveOrder[] = []
  const hands: Partial<Mover> = {
    copy: async (_work, report) => {
      const outcome = {
        kind: 'copied',
        placeId: nas.id,
        path,
        deviceId: 'x',
        strength: 'provider',
        alreadyThere: false,
        receipt,
      } as const
      const told: CopyReport = {
        kind: 'read',
        number: 0,
        hash,
        bytesRead: 1000,
        bytesWritten: 1000,
        outcomes: [outcome],
      }
      report(told)
      return { kind: 'finished' }
    },
    prove: async (work) => {
      orders.push(...work.orders)
      return { kind: 'finished' }
    },
  }
  const mover = (mayWrite: boolean, isService = true): Mover =>
    withReceipts(moverWith(hands), { catalog: desk.catalog, mayWrite, isService: () => isService, nowMs: () => 5 })
  const place = { id: nas.id, name: 'nas', folder: 's3://bucket', declaredDevice: null }
  const from = { kind: 'card', root: '/card' } as const
  const copied = { from, places: [place], orders: [] }
  const ask = async (by: Mover): Promise<Receipt | undefined> => {
    orders.length = 0
    await by.prove(
      { place, orders: [{ number: 0, path, expected: hash }] },
      () => undefined,
      () => undefined,
      never,
    )
    return orders[0]?.receipt
  }

  const note = (finding: 'agreed' | 'differed'): Promise<unknown> =>
    desk.catalog.recordReports({
      runId: desk.runId,
      reads: desk.reads,
      copies: [
        { hash, placeId: nas.id, path, evidence: { atMs: 2_000_000, strength: 'provider', finding, deviceId: 'x' } },
      ],
    })
  await note('agreed')
  await mover(false).copy(
    copied,
    () => undefined,
    () => undefined,
    never,
  )
  assert.equal(await ask(mover(true)), undefined, 'who only looks writes nothing down')
  await mover(true).copy(
    copied,
    () => undefined,
    () => undefined,
    never,
  )
  assert.deepEqual(await ask(mover(false)), receipt)
  assert.equal(await ask(mover(true, false)), undefined, 'a folder has none')
  await note('differed')
  assert.equal(await ask(mover(true)), undefined, 'what was found bad is read the next time')
  const other = 'f'.repeat(32) as typeof hash
  assert.equal((await desk.catalog.receiptsAt(nas.id, [{ path, hash: other }])).size, 0, 'of another original')
})
