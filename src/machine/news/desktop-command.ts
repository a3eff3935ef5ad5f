import type { Message } from '../../domain/news-rules.ts'

/** The command of the system that shows a message; null where there is none. Texts hold names of files, which may be anything. */
export function desktopCommand(
  platform: NodeJS.Platform,
  { level, title, text }: Pick<Message, 'level' | 'title' | 'text'>,
): { readonly command: string; readonly args: readonly string[] } | null {
  // The body may hold markup (Desktop Notifications Specification), so its signs are written as entities.
  if (platform === 'linux')
    return {
      command: 'notify-send',
      args: [
        '--app-name=Fivefold',
        `--urgency=${level === 'alarm' ? 'critical' : 'normal'}`,
        '--',
        title,
        asMarkup(text),
      ],
    }
  if (platform === 'darwin') return { command: 'osascript', args: ['-e', macScript, '--', title, text] }
  if (platform === 'win32')
    return {
      command: 'powershell.exe',
      args: ['-NoProfile', '-NonInteractive', '-EncodedCommand', encoded(windowsScript(title, text))],
    }
  return null
}

const asMarkup = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The texts come as arguments, so nothing in them is taken for a part of the script. */
const macScript = 'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run'

/** -EncodedCommand takes UTF-16 in Base64; the texts lie in it as Base64 once more, for the same reason. */
const encoded = (script: string): string => Buffer.from(script, 'utf16le').toString('base64')

const windowsText = (text: string): string =>
  `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${Buffer.from(text).toString('base64')}'))`

const windowsScript = (title: string, text: string): string => `
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$icon = New-Object System.Windows.Forms.NotifyIcon
$icon.Icon = [System.Drawing.SystemIcons]::Information
$icon.Visible = $true
$icon.ShowBalloonTip(10000, ${windowsText(title)}, ${windowsText(text)}, 'Info')
Start-Sleep -Seconds 5
$icon.Dispose()`
