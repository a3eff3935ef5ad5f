/** Joins what a home keeps for services with the kinds of services: addresses, secrets, sign-in. */
import type { ServiceHost } from './domain/egress-prices.ts'
import type { Failure, Result } from './domain/failure.ts'
import { parsePlaceId } from './domain/ids.ts'
import { done, failed } from './domain/failure.ts'
import type { Secrets } from './machine/secrets/open-secrets.ts'
import { openSecrets } from './machine/secrets/open-secrets.ts'
import type { SignInOrder, SignInProvider } from './machine/sign-in/sign-in-provider.ts'
import { loopbackEndpoint } from './places/cloud/oauth-request.ts'
import type { ServiceAddress } from './places/cloud/cloud-address.ts'
import {
  filledFromIn,
  readServiceAddress,
  recipientIn,
  withOption,
  withRecipient,
} from './places/cloud/cloud-address.ts'
import { isRemoteName, noRemoteName } from './places/rclone/remote-name.ts'
import type { Cancel, Encryption, Secret, Services, SignInKind, SignInTalk } from './usecases/program.ts'
import { signInSteps } from './usecases/sign-in-steps.ts'

type OAuthKind = 'google-drive' | 'dropbox' | 'onedrive'

const kindOf: Readonly<Record<ServiceAddress['kind'], SignInKind>> = {
  s3: 'keys',
  webdav: 'password',
  sftp: 'ssh',
  'google-drive': 'oauth',
  dropbox: 'oauth',
  onedrive: 'oauth',
  rclone: 'nothing',
}

const nameOf: Readonly<Record<ServiceAddress['kind'], string>> = {
  s3: 'S3',
  webdav: 'WebDAV',
  sftp: 'SFTP',
  'google-drive': 'Google Drive',
  dropbox: 'Dropbox',
  onedrive: 'OneDrive',
  rclone: 'rclone',
}

export function servicesOf(home: string): Services {
  const secrets = openSecrets(home)
  return {
    isService: (address) => readServiceAddress(address) !== null,
    checkAddress: (text) => {
      const address = readServiceAddress(text)
      if (address === null) return failed(notUnderstood(text))
      if (!isRecipient(recipientIn(address))) return failed(noRecipient(text))
      if (filledFromIn(address) !== null && recipientIn(address) !== null) return failed(notBoth(text))
      if (address.kind === 'rclone' && !isRemoteName(address.remote)) return failed(noRemoteName(null, address.remote))
      return done(kindOf[address.kind])
    },
    filledFrom: (text) => {
      const address = readServiceAddress(text)
      const from = address === null ? null : filledFromIn(address)
      return from === null ? null : parsePlaceId(from)
    },
    withFilledFrom: (text, from) => {
      const { kind } = demandAddress(text)
      return isOAuth(kind) || kind === 'webdav' ? done(withOption(text, 'filled-by', from)) : failed(noClient(text))
    },
    hostOf: (text) => hostOf(demandAddress(text)),
    nameFor: (text) => nameOf[demandAddress(text).kind],
    stepsFor: (text) => {
      const address = demandAddress(text)
      return isOAuth(address.kind) ? signInSteps(address.kind, filledFromIn(address) !== null) : []
    },
    keyPolicy: async (text) => {
      const address = demandAddress(text)
      if (address.kind !== 's3') return null
      return (await import('./places/s3/least-privilege-policy.ts')).leastPrivilegePolicy(address)
    },
    remarksFor: (text) => (demandAddress(text).kind === 'rclone' ? rcloneRemarks : []),
    hasSecret: async (placeId) => (await secrets.credentialsOf(placeId).read()) !== null,
    saveSecret: (placeId, secret) => secrets.credentialsOf(placeId).write(secret),
    removeSecret: (placeId) => secrets.remove(placeId),
    signIn: ({ name, address }, client, how, talk, cancel) =>
      signIn(name, demandAddress(address), client, how, talk, cancel),
    hostKey: async (text) => {
      const address = demandAddress(text)
      if (address.kind !== 'sftp') throw new Error('Only a server of SFTP has a host key.')
      const { askHostKey } = await import('./places/sftp/connection.ts')
      const asked = await askHostKey(address.host, address)
      if (!asked.ok) return asked
      return done({ hostKey: asked.value.key, fingerprint: asked.value.fingerprint })
    },
    encryption: encryptionOf(secrets),
  }
}

function hostOf(address: ServiceAddress): ServiceHost {
  const { kind } = address
  if (kind === 'webdav' || kind === 'sftp') return { kind, host: address.host }
  if (kind !== 's3') return { kind, host: '' }
  const { endpoint } = address.options
  if (endpoint === undefined) return { kind, host: 's3.amazonaws.com' }
  return { kind, host: URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint }
}

/** Loaded when it is needed: most homes have no encrypted place. */
const loadKeys = () => import('./places/encrypted/recovery-key.ts')

const encryptionOf = (secrets: Pick<Secrets, 'keyFor'>): Encryption => ({
  recipientIn: (text) => {
    const address = readServiceAddress(text)
    return address === null ? null : recipientIn(address)
  },
  withRecipient,
  newKey: async () => (await loadKeys()).newRecoveryKey(),
  readKey: async (text) => (await loadKeys()).readRecoveryKey(text),
  hasKey: async (recipient) => (await secrets.keyFor(recipient).read()) !== null,
  keepKey: ({ recipient, secretKey }) => secrets.keyFor(recipient).write({ secretKey }),
})

/** As age spells them; a slip in one would seal for nobody, and is found when the first file is sealed. */
const isRecipient = (text: string | null): boolean => text === null || /^age1[02-9ac-hj-np-z]{58}$/.test(text)

const isOAuth = (kind: ServiceAddress['kind']): kind is OAuthKind => kindOf[kind] === 'oauth'

function demandAddress(text: string): ServiceAddress {
  const address = readServiceAddress(text)
  if (address === null) throw new Error('Only the address of a service is asked about here.')
  return address
}

async function signIn(
  place: string,
  address: ServiceAddress,
  client: { readonly clientId: string; readonly clientSecret: string },
  how: 'browser' | 'code',
  talk: SignInTalk,
  cancel: Cancel,
): Promise<Result<Secret>> {
  const { kind } = address
  if (!isOAuth(kind)) throw new Error('This service has no sign-in by browser.')
  const endpoint = loopbackEndpoint(place, address.options)
  if (!endpoint.ok) return endpoint
  const provider = await providerOf(kind, endpoint.value, filledFromIn(address) !== null)
  const stop = new AbortController()
  const onCancel = (): void => stop.abort()
  cancel.addEventListener('abort', onCancel, { once: true })
  if (cancel.aborted) stop.abort()
  try {
    const order: SignInOrder = { place, provider, ...client, cancel: stop.signal }
    return await (how === 'browser' ? byBrowser(kind, order, talk) : byCode(kind, order, talk))
  } finally {
    cancel.removeEventListener('abort', onCancel)
  }
}

async function byBrowser(kind: OAuthKind, order: SignInOrder, talk: SignInTalk): Promise<Result<Secret>> {
  const { signInByBrowser } = await import('./machine/sign-in/sign-in-by-browser.ts')
  const { redirectOf } = await import('./machine/sign-in/loopback.ts')
  const { systemBrowser } = await import('./machine/sign-in/system-browser.ts')
  return signInByBrowser({
    ...order,
    redirect: redirectOf[kind],
    openBrowser: systemBrowser(),
    showAddress: (url) => talk.tell(`If no window opens, open this address in a browser on this computer:\n${url}`),
  })
}

async function byCode(kind: OAuthKind, order: SignInOrder, talk: SignInTalk): Promise<Result<Secret>> {
  if (kind === 'dropbox') {
    const { signInByPastedCode } = await import('./machine/sign-in/sign-in-by-code.ts')
    return signInByPastedCode({
      ...order,
      redirectUri: null,
      askCode: (url) => {
        talk.tell(`Open this address on any device, and allow it:\n${url}`)
        return talk.ask('The code that is shown there: ')
      },
    })
  }
  const { signInByDevice } = await import('./machine/sign-in/sign-in-by-device.ts')
  return signInByDevice({
    ...order,
    showCode: ({ url, code, minutes }) =>
      talk.tell(`Open ${url} on any device, and type the code ${code} there within ${minutes} minutes.`),
  })
}

/** `origin` stands in for every host of the service, on this computer only, for tests. */
async function providerOf(kind: OAuthKind, origin: string | null, isOnlyAsked: boolean): Promise<SignInProvider> {
  switch (kind) {
    case 'google-drive':
      return (await import('./places/google-drive/google-provider.ts')).googleProvider(origin ?? undefined, isOnlyAsked)
    case 'dropbox':
      return (await import('./places/dropbox/dropbox-provider.ts')).dropboxProvider(origin, isOnlyAsked)
    case 'onedrive':
      return (await import('./places/onedrive/onedrive-provider.ts')).onedriveProvider(origin, isOnlyAsked)
  }
}

const rcloneRemarks: readonly string[] = [
  'Through rclone, every file is fetched back once before it counts as proven, so it goes over your line twice.',
  'An upload that is cut begins the file anew. Use the folder for nothing but Fivefold: docs/guide/rclone.md tells why.',
]

const notUnderstood = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} is no address of a service that Fivefold understands.`,
  advice: '“fivefold place add --help” shows the forms.',
})

const notBoth = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} can’t be encrypted: the provider’s own program sends the files as they lie in the folder.`,
  advice: 'Leave out one of the two. Only what Fivefold sends itself can be encrypted before it goes.',
})

const noClient = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} is no cloud that a program of its own fills from a folder of this computer.`,
  advice:
    'It can be gdrive:, dropbox:, onedrive: or webdav:. For every other, leave out --filled-by: Fivefold sends itself.',
})

const noRecipient = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `What follows “encrypt=” in ${address} is no recipient of age.`,
  advice: 'Leave it out, and say --encrypt: Fivefold makes a key and puts it there.',
})
