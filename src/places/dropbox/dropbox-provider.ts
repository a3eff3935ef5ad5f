import type { OAuthProvider } from '../cloud/access-token.ts'

const onlyAsking = ['account_info.read', 'files.metadata.read', 'files.content.read']

/**
 * Where Dropbox signs people in. `origin` stands for all of its hosts, on this computer only, for tests. `isOnlyAsked` for a place that
 * the program of Dropbox fills.
 */
export const dropboxProvider = (origin: string | null = null, isOnlyAsked = false): OAuthProvider => ({
  tokenUrl: `${origin ?? 'https://api.dropboxapi.com'}/oauth2/token`,
  authorizeUrl: `${origin ?? 'https://www.dropbox.com'}/oauth2/authorize`,
  deviceUrl: null,
  scopes: isOnlyAsked ? onlyAsking : [...onlyAsking, 'files.content.write'],
  // Without it there is no refresh token, and the sign-in would end after four hours.
  extra: { token_access_type: 'offline' },
})
