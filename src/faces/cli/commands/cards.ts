import type { Command } from 'commander'
import type { Result } from '../../../domain/failure.ts'
import { exitCodes } from '../../../domain/failure.ts'
import type { CardSaid } from '../../../usecases/keep-card.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printCards, printCardSaid, printCardViews, printNextCard } from '../print-cards.ts'

export function addCards(cli: Command, common: Common, shell: Shell): void {
  const card = cli.command('card').description('Look at cards, and say what became of them.')
  common(card.command('list'))
    .description('Every card with its verdict and all reasons for it.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listCards(), (cards) => printCards(shell.terminal, cards))
    })
  common(card.command('show'))
    .description('One card with its rolls, their warnings, and what became of it.')
    .argument('<card>', 'its label or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showCards(name), (cards) =>
        printCardViews(shell.terminal, cards),
      )
    })
  common(card.command('next'))
    .description('Which card to take: the free one that was unused for longest.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).nextCard(), (next) => printNextCard(shell.terminal, next))
    })
  const answer = (options: CommonOptions, said: Result<CardSaid>): void => {
    shell.show(options, said, (value) => printCardSaid(shell.terminal, value))
    if (said.ok && said.value.outcome === 'refused') shell.exit(exitCodes.refused)
  }
  common(card.command('retire'))
    .description('Take a card out of use for good: broken, lost or sold.')
    .argument('<card>', 'its label or id')
    .option('--anyway', 'although its pictures are still owed; that is written down')
    .option('--because <sentence>', 'why, for the record')
    .action(async (name: string, options: CommonOptions & { anyway?: boolean; because?: string }) => {
      const wish = { card: name, anyway: options.anyway === true, why: options.because ?? null }
      answer(options, await shell.requests(options).retireCard(wish))
    })
  common(card.command('trust'))
    .description('Say that a suspect card is good, after it was read again with another reader.')
    .argument('<card>', 'its label or id')
    .action(async (name: string, options: CommonOptions) => {
      answer(options, await shell.requests(options).trustCard(name))
    })
  common(card.command('seen'))
    .description('Say that you have seen the alarm about a card.')
    .argument('<card>', 'its label or id')
    .action(async (name: string, options: CommonOptions) => {
      answer(options, await shell.requests(options).seeCardAlarms(name))
    })
}
