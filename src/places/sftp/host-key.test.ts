import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { hostKeyOf, knownHostKeys, plainHostKey } from './host-key.ts'

// A public key and its fingerprint as `ssh-keygen -l` tells it.
const known = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHBrwk/noM0IpFsravk6iEGhE/48i3+nVTZSYOcvWvP1'
const fingerprint = 'SHA256:rIFMmd9ojHNCsNZtKAW/6gJ7icTxBDhCjbJ7IYFwoXI'
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9j5Tm1pJtDXUkfQAQ0Q/Fm3e1R0z47EDnb8lzVZHeN'

const hashed = (name: string): string => {
  const salt = Buffer.from('01234567890123456789')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

test('a key is told with its type and the fingerprint that ssh shows', () => {
  const blob = Buffer.from(known.split(' ')[1] ?? '', 'base64')
  assert.deepEqual(hostKeyOf(blob), { key: known, fingerprint })
})

test('a trusted key is the same with a comment or other blanks around it, and nothing is made of what is none', () => {
  assert.equal(plainHostKey(`  ${known}   root@nas\n`), known)
  assert.equal(plainHostKey('ssh-ed25519'), '')
  assert.equal(plainHostKey(''), '')
})

test('known_hosts is read as ssh reads it: plain, hashed, with ports, patterns and markers', () => {
  const cases: readonly [line: string, host: string, port: number, isKnown: boolean][] = [
    [`nas.home ${known}`, 'nas.home', 22, true],
    [`nas.home ${known}`, 'NAS.home', 22, true],
    [`nas.home ${known}`, 'nas.home', 2222, false],
    [`[nas.home]:2222 ${known} comment`, 'nas.home', 2222, true],
    [`[nas.home]:2222 ${known}`, 'nas.home', 22, false],
    [`nas,192.168.1.4 ${known}`, '192.168.1.4', 22, true],
    [`*.home,!bad.home ${known}`, 'nas.home', 22, true],
    [`*.home,!bad.home ${known}`, 'bad.home', 22, false],
    [`nas?home ${known}`, 'nas.home', 22, true],
    [`nas.home ${known}`, 'nasxhome', 22, false],
    [`${hashed('nas.home')} ${known}`, 'nas.home', 22, true],
    [`${hashed('[nas.home]:2222')} ${known}`, 'nas.home', 2222, true],
    [`${hashed('nas.home')} ${known}`, 'other.home', 22, false],
    [`@cert-authority nas.home ${known}`, 'nas.home', 22, false],
    [`# nas.home ${known}`, 'nas.home', 22, false],
    [`fe80::1 ${known}`, '[fe80::1]', 22, true],
  ]
  for (const [line, host, port, isKnown] of cases)
    assert.deepEqual(
      knownHostKeys(`\n${line}\n`, host, port).trusted,
      isKnown ? [known] : [],
      `${line} / ${host}:${port}`,
    )
})

test('a revoked key is not trusted, whatever other lines say', () => {
  const text = `nas.home ${known}\nnas.home ${other}\n@revoked * ${known}\n`
  assert.deepEqual(knownHostKeys(text, 'nas.home', 22), { trusted: [other], revoked: [known] })
})
