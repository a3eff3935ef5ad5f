import { exitCodes, failureKinds } from '../src/domain/failure.ts'

const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'All was done.',
  bug: 'A mistake in Fivefold itself. What is proven stays proven; please report it.',
  'wrong-command': 'The command or the settings are wrong. Nothing was changed.',
  undone: 'Finished, but something is left undone. Running the same command again goes on where it was.',
  refused: 'Refused, because it would not be safe. Nothing was changed.',
  stopped: 'Stopped by a person.',
}

/** The text of docs/reference/failures.md: every failure that can be expected, from the one table that defines them. */
export function failuresPage(): string {
  const exits = Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${exitMeanings[name as ExitName]} |`)
  const failures = Object.entries(failureKinds).map(
    ([code, { exit, retry, meaning }]) => `| \`${code}\` | ${meaning} | ${exitCodes[exit]} | ${retry ? 'yes' : 'no'} |`,
  )
  return [
    '<!-- Made from src/domain/failure.ts by `npm run docs`; change that file and run it again. -->',
    '',
    '# Failures and exit codes',
    '',
    'Every failure comes with a sentence that says what happened and an advice that says what to do next. With `--json` it is',
    'the last line of the output: `{"type":"error","code":…,"sentence":…,"advice":…,"retry":…}`. The codes never change their',
    'meaning, so that other programs can rely on them.',
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '| ---: | --- |',
    ...exits,
    '',
    '## Failures',
    '',
    '“Again” says whether the same command has a chance later, when the cause is mended.',
    '',
    '| code | meaning | exit code | again |',
    '| --- | --- | ---: | --- |',
    ...failures,
    '',
  ].join('\n')
}

type ExitName = keyof typeof exitCodes
