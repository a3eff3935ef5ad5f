import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellFirstLook } from './first-look.ts'

test('what cameras put at the top of a card is known at a glance', () => {
  for (const names of [
    ['DCIM/'],
    ['dcim/', 'MISC/'],
    ['PRIVATE/', 'AVF_INFO/'],
    ['XDROOT/', '.Trashes/'],
    ['CONTENTS/'],
    ['NIKON001.DSC', 'DCIM/'],
    ['A001_0101AB.RDM/'],
    ['A001R2EC/'],
    ['A001_08151200_C001.braw'],
    ['LASTCLIP.TXT', 'CONTENTS/'],
  ])
    assert.equal(tellFirstLook(names), 'card', names.join(' '))
})

test('a drive with one of our places on it is a place, whatever else lies there', () => {
  assert.equal(tellFirstLook(['DCIM/', '.fivefold/']), 'place')
})

test('a stick with papers, an empty volume and a computer’s own disk are none', () => {
  for (const names of [[], ['Papers/', 'tax.pdf'], ['Users/', 'Windows/', 'DCIM/'], ['Backups.backupdb/', 'DCIM/']])
    assert.equal(tellFirstLook(names), 'other', names.join(' '))
})
