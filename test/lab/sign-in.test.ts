/**
 * The whole way of a sign-in at each of the three services, as the double speaks them: browser or code, the secrets of a home, a token
 * renewed later by another run, and its end when the person takes the permission back.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../src/domain/ids.ts'
import { openSecrets } from '../../src/machine/secrets/open-secrets.ts'
import { redirectOf } from '../../src/machine/sign-in/loopback.ts'
import { signInByBrowser } from '../../src/machine/sign-in/sign-in-by-browser.ts'
import { signInByDevice } from '../../src/machine/sign-in/sign-in-by-device.ts'
import { dropboxProvider } from '../../src/places/dropbox/dropbox-provider.ts'
import { googleProvider } from '../../src/places/google-drive/google-provider.ts'
import { onedriveProvider } from '../../src/places/onedrive/onedrive-provider.ts'
import { makeTokenSource } from '../../src/places/cloud/access-token.ts'
import { startCloudDouble } from './cloud-double/cloud-double.ts'
import { clients } from './cloud-double/oauth.ts'

const placeId = parsePlaceId('drive')

const services = [
  {
    name: 'google',
    kind: 'google-drive',
    providerAt: googleProvider,
    ask: '/drive/v3/about?fields=storageQuota',
    method: 'GET',
  },
  { name: 'dropbox', kind: 'dropbox', providerAt: dropboxProvider, ask: '/2/users/get_space_usage', method: 'POST' },
  { name: 'onedrive', kind: 'onedrive', providerAt: onedriveProvider, ask: '/v1.0/me/drive', method: 'GET' },
] as const

async function homeAndDouble(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'fivefold-sign-in-'))
  context.after(() => rm(home, { recursive: true, force: true }))
  const double = await startCloudDouble()
  context.after(() => double.stop())
  return { home, double }
}

for (const { name, kind, providerAt, ask, method } of services)
  test(`${name}: signed in with a browser, renewed by a later run, over when it is taken back`, async (context) => {
    const { home, double } = await homeAndDouble(context)
    const provider = providerAt(double.origin)
    const visits: Promise<unknown>[] = []
    const signedIn = await signInByBrowser({
      place: 'Drive',
      provider,
      ...clients[name],
      redirect: redirectOf[kind],
      openBrowser: (url) => {
        visits.push(fetch(url).then((answer) => answer.text()))
        return Promise.resolve(true)
      },
      showAddress: () => undefined,
    })
    const [page] = await Promise.all(visits)
    if (!signedIn.ok && signedIn.failure.code === 'place-error') return context.skip(signedIn.failure.sentence)
    assert.ok(signedIn.ok, JSON.stringify(signedIn))
    assert.match(String(page), /You can close this window/)
    await openSecrets(home).credentialsOf(placeId).write(signedIn.value)

    const credentials = openSecrets(home).credentialsOf(placeId)
    const tokens = makeTokenSource('Drive', credentials, provider)
    const knock = async (): Promise<number> => {
      const token = await tokens.token()
      assert.ok(token.ok, JSON.stringify(token))
      const headers = { authorization: `Bearer ${token.value}` }
      const answer = await fetch(`${double.origin}${ask}`, { method, headers })
      await answer.text()
      if (answer.status === 401) tokens.spoiled(token.value)
      return answer.status
    }
    assert.equal(await knock(), 200)
    double.control.expireAccessTokens(name)
    assert.equal(await knock(), 401)
    assert.equal(await knock(), 200)
    const kept = await credentials.read()
    assert.notEqual(kept?.['accessToken'], signedIn.value.accessToken)
    // Microsoft alone gives a new one each time.
    assert.equal(kept?.['refreshToken'] !== signedIn.value.refreshToken, name === 'onedrive')

    double.control.revoke(name)
    assert.equal(await knock(), 401)
    const over = await tokens.token()
    assert.equal(over.ok ? 'let in' : over.failure.code, 'sign-in-needed')
    for (const secret of Object.values({ ...signedIn.value, ...kept }).filter((text) => text.startsWith('double-')))
      assert.ok(!JSON.stringify(over).includes(secret), '[S1] a failure holds a token')
  })

for (const { name, providerAt } of services.filter(({ name }) => name !== 'dropbox'))
  test(`${name}: signed in with a code that is typed on another device`, async (context) => {
    const { double } = await homeAndDouble(context)
    const codes: string[] = []
    const signedIn = await signInByDevice({
      place: 'Drive',
      provider: providerAt(double.origin),
      ...clients[name],
      showCode: ({ code }) => codes.push(code),
      pause: () => Promise.resolve(),
    })
    assert.ok(signedIn.ok, JSON.stringify(signedIn))
    assert.deepEqual(codes, ['DBLE-CODE'])
    assert.match(signedIn.value.refreshToken, /^double-refresh-/)
  })
