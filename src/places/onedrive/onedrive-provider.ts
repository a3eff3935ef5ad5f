import type { OAuthProvider } from '../cloud/access-token.ts'

/**
 * Where Microsoft signs people in, for accounts of both kinds. `origin` stands for it on this computer only, for tests. `isOnlyAsked` for
 * a place that the program of OneDrive fills.
 */
export function onedriveProvider(origin: string | null = null, isOnlyAsked = false): OAuthProvider {
  const base = `${origin ?? 'https://login.microsoftonline.com'}/common/oauth2/v2.0`
  return {
    tokenUrl: `${base}/token`,
    authorizeUrl: `${base}/authorize`,
    deviceUrl: `${base}/devicecode`,
    // The app's own folder and nothing else: the least that is of use. What the program brought lies outside of it.
    scopes: [isOnlyAsked ? 'Files.Read' : 'Files.ReadWrite.AppFolder', 'offline_access'],
    extra: {},
  }
}
