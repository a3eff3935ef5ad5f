/** What each system reads to start Fivefold when its person signs in. Texts only; autostart.ts puts them where they belong. */

export interface StartWish {
  /** The runtime, the program and its arguments: absolute paths, no shell. */
  readonly command: readonly string[]
  /** Where the output goes that is not in Fivefold's own log. */
  readonly logFolder: string
}

export const unitName = 'fivefold.service'
export const agentLabel = 'app.fivefold.start'
export const taskName = 'Fivefold'

/**
 * A user unit (systemd.service(5)). Exit codes 2 and 4 are words to a person, settings that are wrong or a Fivefold that runs already:
 * to start it again would change nothing.
 */
export const systemdUnit = ({ command }: StartWish): string => `[Unit]
Description=Fivefold: copies cards by itself and proves every copy

[Service]
Type=simple
ExecStart=${command.map(systemdWord).join(' ')}
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2 4
TimeoutStopSec=15
KillMode=mixed
Nice=5
IOSchedulingClass=best-effort
IOSchedulingPriority=6

[Install]
WantedBy=default.target
`

/** Quoted as systemd.syntax(7) and the specifiers of systemd.unit(5) want it. */
const systemdWord = (word: string): string =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

/** A launch agent (launchd.plist(5)): started at sign-in, and again after a crash. */
export const launchAgent = ({ command, logFolder }: StartWish): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${agentLabel}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>Crashed</key>
    <true/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>LowPriorityIO</key>
  <true/>
  <key>StandardOutPath</key>
  <string>/dev/null</string>
  <key>StandardErrorPath</key>
  <string>${xml(`${logFolder}/start.log`)}</string>
</dict>
</plist>
`

/**
 * A task (Task Scheduler schema of Microsoft): at sign-in, for as long as it likes, also on battery. PowerShell starts it without a
 * window.
 */
export const windowsTask = ({ command }: StartWish, user: string): string => `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Fivefold: copies cards by itself and proves every copy</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${xml(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xml(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>3</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>powershell.exe</Command>
      <Arguments>${xml(`-NoProfile -NonInteractive -WindowStyle Hidden -Command "& ${command.map(powerShellWord).join(' ')}; exit $LASTEXITCODE"`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`

/** In single quotes nothing is special for PowerShell but the quote itself; a path of Windows can't hold a double one. */
const powerShellWord = (word: string): string => `'${word.replaceAll("'", "''")}'`

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
