import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { done, exitCodes } from '../../../domain/failure.ts'
import type { Role } from '../../../domain/place.ts'
import type { AddedPlace } from '../../../usecases/manage-places.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printRecovery } from '../print-recovery.ts'
import { printPlaces } from '../print-status.ts'
import { shown } from '../terminal.ts'
import { addSignIn } from './sign-in.ts'

const addressHelp = `
Services that Fivefold sends to by itself:
  gdrive:FOLDER, dropbox:FOLDER, onedrive:FOLDER
  s3://BUCKET/FOLDER?endpoint=https://HOST&region=REGION   (no endpoint: Amazon; any S3-compatible service)
  webdav://USER@HOST/PATH   (for Nextcloud add ?chunks=nextcloud; for a server without TLS in your own house ?tls=off)
  sftp://USER@HOST:PORT/PATH
Any other, through rclone (1.60 or newer) where this computer has it, with a remote that “rclone config” has made:
  rclone:REMOTE:PATH
A password or key never belongs into the address: “fivefold place sign-in NAME” asks for it.

Examples:
  fivefold place add drive /media/me/SAFE_A --name "Safe A"
  fivefold place add cloud gdrive:Fivefold --name Drive
  fivefold place add cloud s3://bucket/photos --name Vault --encrypt
  fivefold place add cloud dropbox:Studio/Fivefold --name Dropbox --filled-by PC`

const withoutKey = ({ recovery: _recovery, ...told }: AddedPlace): Omit<AddedPlace, 'recovery'> => told

const placeRoles: readonly Role[] = ['library', 'second', 'cloud', 'drive']

function parseRole(text: string): Role {
  const role = placeRoles.find((known) => known === text)
  if (role === undefined) throw new InvalidArgumentError(`It is one of ${placeRoles.join(', ')}.`)
  return role
}

export function addPlaces(cli: Command, common: Common, shell: Shell): void {
  const place = cli.command('place').description('The places where copies live.')
  common(place.command('add'))
    .description('Make a folder, or a service in the cloud, a place.')
    .argument('<role>', 'library, second, cloud or drive', parseRole)
    .argument('<address>', 'an existing folder, or the address of a service (below)')
    .option('--name <name>', 'what to call it')
    .option('--site <site>', 'what burns together: home, cloud, safe, bag, or a name of yours')
    .option('--device <name>', 'the physical device, where the system can’t tell')
    .option('--encrypt', 'a cloud: encrypt everything before it is sent; prints recovery words, once')
    .option('--filled-by <name>', 'a cloud that its own program fills from the folder of this place: it is only asked')
    .addHelpText('after', addressHelp)
    .action(
      async (
        role: Role,
        address: string,
        options: CommonOptions & {
          name?: string
          site?: string
          device?: string
          encrypt?: boolean
          filledBy?: string
        },
      ) => {
        const { name = null, site = null, device = null, encrypt = false, filledBy = null } = options
        const wish = { role, address, name, site, device, encrypt, filledBy }
        const answer = await shell.requests(options).addPlace(wish)
        const recovery = answer.ok ? answer.value.recovery : null
        // Output for programs is kept, logged and passed on: the key is for the person at the terminal (S1).
        if (recovery !== null) printRecovery(shell.terminal, recovery, options.json === true)
        const told = answer.ok ? done(withoutKey(answer.value)) : answer
        shell.show(options, told, (added) => {
          const { name: given, role: its, address: where } = added.place
          shell.terminal.out(
            `“${shown(given)}” (${its}) is ${added.identity === null ? 'set down' : 'ready'} at ${shown(where)}.`,
          )
          if (added.next !== null) shell.terminal.out(shown(added.next))
          for (const warning of added.warnings) shell.terminal.out(`! ${warning}`)
        })
      },
    )
  common(place.command('list'))
    .description('All places: there or not, device, free space, and what a read-back proves.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listPlaces(), (places) => printPlaces(shell.terminal, places))
    })
  common(place.command('check'))
    .description('Try the place itself with the suite that every kind of place must pass, in a scratch folder there.')
    .argument('<name>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      const outcome = await shell.requests(options).checkPlace(name)
      shell.show(options, outcome, (checked) => {
        for (const { name: what, trouble } of checked.cases)
          shell.terminal.out(trouble === null ? `✓ ${what}` : `✗ ${what}: ${trouble}`)
        shell.terminal.out(checked.sentence)
      })
      if (outcome.ok && outcome.value.failed > 0) shell.exit(exitCodes.undone)
    })
  common(place.command('policy'))
    .description('Print the rights that the everyday key of an S3 bucket needs, and no more, to paste at the provider.')
    .argument('<name>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showKeyPolicy(name), ({ policy }) => {
        // Letter by letter what is to be pasted: a hint would be pasted too.
        for (const line of policy.trimEnd().split('\n')) shell.terminal.out(shown(line))
      })
    })
  common(place.command('remove'))
    .description('Take a place out of the settings. Its files stay where they are.')
    .argument('<name>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).removePlace(name), (removed) =>
        shell.terminal.out(
          `“${removed.name}” is out. Its files stay at ${removed.address}; they count for nothing from now on.`,
        ),
      )
    })
  addSignIn(place, common, shell)
}
