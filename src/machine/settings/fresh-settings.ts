/**
 * What a new settings file says before anything is set: everything that can be set, as comments with the defaults. A test
 * takes the comment signs away and compares what is left with the schema.
 */
export const freshSettings = `## The settings of Fivefold. Change them here, or with commands such as \`fivefold place add\`,
## which keep your comments and the order of the lines.
##
## Lines with ## explain. Lines with one # show what holds as long as nothing else is set: to set
## something else, take the # and the space behind it away from the whole group, and change it.

## Where copies live. \`fivefold place add ROLE FOLDER\` writes here, and marks the folder as well.
places: []

## When an ingest is done, and how many independent devices must hold a proven copy
## before a card may be formatted. The card itself never counts, and a RAID is one device.
# copies:
#   required: [library, second]
#   atLeast: 3

## When a card may be formatted: never before its jobs are delivered, and never on old proof.
# cards:
#   releaseAfter: delivered
#   evidenceMaxAge: 30d
#   secondRead: true
#   lookAtPictures: true

## How long copies of a delivered job stay (\`forever\`, or \`delivered + 90d\`).
## They go only when the other copies are proven, and never without asking unless prune says so.
# second:
#   keep: delivered + 90d
# cloud:
#   keep: delivered + 90d
#   window:
#     upload: any      # or nights, or 19:30-07:00
#     limit: none      # or 20 Mbit/s
#   readBack: 20       # where a cloud has only a weak checksum, one in so many files is read back
# prune:
#   automatic: false
#   leave: 2         # independent devices that keep a proven copy
#   grace: 14d       # so long in the place’s own trash: the undo

## The drives for the safe: how often, and what was shot how long ago goes onto them.
# drive:
#   every: 14d
#   window: 12 months

## Reading copies again, and rehearsing the restore.
# verify:
#   every: 90d
#   budget: 1h per night
# drill:
#   every: 30d
#   sample: 20 files

## Lightroom Classic: its catalogs are only read; snapshots are kept at these places.
# lightroom:
#   catalogs: []     # such as [/home/me/Pictures/Lightroom/Main.lrcat]
#   keepAt: []       # such as [NAS, "Safe A"]

## What \`fivefold start\` does by itself.
# start:
#   cards: copy      # a card that comes in is copied at once; or ask
#   below: []        # only volumes mounted in these folders; empty for all
#   ignore: []       # never these, such as [/media/me/OLD_CARDS]
#   nights: 01:00-06:00

## How it tells you: mail, push message, window on the screen. \`fivefold news test\` tries them.
# news:
#   desktop: true
#   mailTo: ''       # such as me@example.com
#   mailFrom: ''
#   mailServer: off  # such as smtps://me@smtp.example.com
#   ntfy: off        # such as https://ntfy.sh/a-name-that-nobody-guesses
#   webhook: off
#   command: []
#   alive: off       # asked every hour, such as https://hc-ping.com/…
#   quiet: none      # or 22:00-07:00
#   digest: weekly

## How folders and files are named. file: off keeps the tree of the card as it is.
# names:
#   job: '{shot:yyyy}/{shot:yyyy-MM-dd} {client} {job}'
#   roll: '{roll}'
#   file: off
`
