/**
 * What a person does at a service before the first sign-in: each makes a client id of their own there, so that nobody else's limits,
 * and nobody else's mistakes, end their uploads. The same words as in the guide's pages, in the order of the service's own pages.
 */

interface SignInSteps {
  /** One sentence each. */
  readonly steps: readonly string[]
  /** What has to be different for a sign-in without a browser on this computer. */
  readonly withoutBrowser: string
  /** What belongs on the paper in the safe; one line each. */
  readonly forTheSafe: readonly string[]
}

type OAuthService = 'google-drive' | 'dropbox' | 'onedrive'

const stepsOf: Readonly<Record<OAuthService, SignInSteps>> = {
  'google-drive': {
    steps: [
      'Open https://console.cloud.google.com/projectcreate and create a project named “Fivefold”; it costs nothing.',
      'Open https://console.cloud.google.com/apis/library/drive.googleapis.com, see that “Fivefold” stands at the top, and press “Enable”.',
      'Open https://console.cloud.google.com/auth/overview, press “Get started”, and give “Fivefold” as the name and your own mail address twice.',
      'As the audience choose “External”; “Internal” is for companies with Google Workspace.',
      'Open “Audience” and press “Publish app”, until it says “In production”: as long as it says “Testing”, Google ends your sign-in after seven days, every time, and the uploads stop.',
      'Open “Clients”, press “Create client”, choose “Desktop app”, and create it.',
      'Copy the client id and the client secret now, for Google may show the secret only this once.',
      'If the browser then warns that Google has not verified this app: it is your own, so press “Advanced” and “Go to Fivefold”.',
    ],
    withoutBrowser:
      'For a sign-in with --code make a second client of the type “TVs and limited input devices”, in the same project.',
    forTheSafe: [
      'the Google account, and how you get back into it without your phone',
      'the client id and its secret: only this project sees the files that Fivefold sent; a new one sees none of them',
      'the address of the place, such as gdrive:Fivefold',
    ],
  },
  dropbox: {
    steps: [
      'Open https://www.dropbox.com/developers/apps/create and choose “Scoped access”.',
      'Choose “App folder”, which can’t be changed later: Fivefold then sees its own folder below “Apps”, and nothing else of your Dropbox.',
      'Give it a name that nobody else has, such as “Fivefold” with your own name behind it, and press “Create app”.',
      'On the tab “Permissions” tick account_info.read, files.metadata.read, files.content.read and files.content.write, and press “Submit” before you sign in.',
      'On the tab “Settings”, under “Redirect URIs”, add http://127.0.0.1:53682/ and http://127.0.0.1:53683/, both with the slash at the end.',
      'Copy the “App key”: it is the client id; the client secret stays empty.',
    ],
    withoutBrowser:
      'For a sign-in with --code nothing else is needed: Dropbox shows a code in any browser, and you type it here.',
    forTheSafe: [
      'the Dropbox account, and how you get back into it without your phone',
      'the App key: it belongs to the folder that Fivefold sent to; a new app gets a folder of its own',
      'the address of the place, such as dropbox:Fivefold',
    ],
  },
  onedrive: {
    steps: [
      'Open https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade with your Microsoft account and press “New registration”.',
      'Give it the name “Fivefold”.',
      'As account types choose “Accounts in any organizational directory and personal Microsoft accounts”.',
      'Under “Redirect URI” choose “Public client/native (mobile & desktop)”, type http://localhost without a slash or number behind it, and press “Register”.',
      'On the page “Authentication” set “Allow public client flows” to “Yes” and save.',
      'On the page “API permissions” add, from Microsoft Graph, the delegated permissions Files.ReadWrite.AppFolder and offline_access.',
      'On the page “Overview” copy the “Application (client) ID”: it is the client id; the client secret stays empty.',
    ],
    withoutBrowser:
      'For a sign-in with --code nothing else is needed: Fivefold shows a code, and you type it in any browser.',
    forTheSafe: [
      'the Microsoft account, and how you get back into it without your phone',
      'the client id: it belongs to the folder that Fivefold sent to; a new one gets a folder of its own',
      'the address of the place, such as onedrive:Fivefold',
    ],
  },
}

/** For a cloud that the provider's own program fills: the client id must see what that program brought, and may change nothing. */
const onlyAskingStepsOf: Readonly<Record<OAuthService, SignInSteps>> = {
  'google-drive': {
    ...stepsOf['google-drive'],
    steps: [
      ...stepsOf['google-drive'].steps,
      'Google then asks whether this app may see all files of your Drive: without that it could not see what Google’s own program brought. It can change none of them (drive.readonly).',
    ],
    withoutBrowser: 'A sign-in with --code is not possible here: Google allows it only for files that Fivefold sent.',
    forTheSafe: [
      'the Google account, and how you get back into it without your phone',
      'the path of the folder in Drive',
    ],
  },
  dropbox: {
    steps: [
      'Open https://www.dropbox.com/developers/apps/create and choose “Scoped access”.',
      'Choose “Full Dropbox”, which can’t be changed later: an app with a folder of its own could not see what the program of Dropbox brought.',
      'Give it a name that nobody else has, such as “Fivefold” with your own name behind it, and press “Create app”.',
      'On the tab “Permissions” tick account_info.read, files.metadata.read and files.content.read, and nothing that writes; then press “Submit” before you sign in.',
      'On the tab “Settings”, under “Redirect URIs”, add http://127.0.0.1:53682/ and http://127.0.0.1:53683/, both with the slash at the end.',
      'Copy the “App key”: it is the client id; the client secret stays empty.',
    ],
    withoutBrowser: stepsOf.dropbox.withoutBrowser,
    forTheSafe: [
      'the Dropbox account, and how you get back into it without your phone',
      'the path of the folder in Dropbox',
    ],
  },
  onedrive: {
    ...stepsOf.onedrive,
    steps: stepsOf.onedrive.steps.map((step) => step.replace('Files.ReadWrite.AppFolder', 'Files.Read')),
    forTheSafe: [
      'the Microsoft account, and how you get back into it without your phone',
      'the path of the folder in OneDrive',
    ],
  },
}

const isOAuth = (kind: string): kind is OAuthService => Object.hasOwn(stepsOf, kind)

/**
 * What to do at the service, as lines for a terminal: numbered, then what to keep. Empty where nothing has to be prepared. `isOnlyAsked`
 * for a cloud that the provider's own program fills.
 */
export function signInSteps(kind: string, isOnlyAsked = false): readonly string[] {
  if (!isOAuth(kind)) return []
  const { steps, withoutBrowser, forTheSafe } = (isOnlyAsked ? onlyAskingStepsOf : stepsOf)[kind]
  return [
    'Once, in your browser, you make a client id of your own at the service:',
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    withoutBrowser,
    'Write down for the safe:',
    ...forTheSafe.map((line) => `- ${line}`),
  ]
}
