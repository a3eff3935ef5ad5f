/** The page as a person meets it: a real browser, the real program, real cards. What the browser complains of fails the test. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { canUseTestCards } from '../lab/can-run.ts'
import { testCard } from '../lab/card-image.ts'
import type { PageGround } from '../lab/page-ground.ts'
import { pageGround } from '../lab/page-ground.ts'
import { runCommand, startCommand, story } from '../promises/the-command.ts'

const browserPath = '/usr/bin/chromium'
const noBrowser = existsSync(browserPath) ? null : 'needs chromium, which this machine does not have'
const skip = canUseTestCards() ?? noBrowser ?? false

interface Visit extends AsyncDisposable {
  readonly page: Page
  /** What the browser said was wrong, and what was asked for elsewhere. */
  readonly complaints: string[]
}

async function visit(ground: PageGround): Promise<Visit> {
  await using undo = new AsyncDisposableStack()
  const browser: Browser = undo.adopt(
    await chromium.launch({
      executablePath: browserPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    }),
    (open) => open.close(),
  )
  const context = await browser.newContext({ viewport: { width: 1366, height: 860 }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('console', (said) => {
    if (said.type() === 'error' && !said.text().startsWith('Failed to load resource')) complaints.push(said.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const address = await ground.address()
  page.on('request', (asked) => {
    const { origin, protocol } = new URL(asked.url())
    if (origin !== new URL(address).origin && protocol !== 'data:') complaints.push(`asked elsewhere: ${asked.url()}`)
  })
  await page.goto(address)
  const made = undo.move()
  return { page, complaints, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

/** In the dark and in the light, as wide as a laptop and as a phone. */
async function axeFindsNothing(page: Page, what: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['dark', 1366],
    ['light', 390],
  ] as const) {
    await page.setViewportSize({ width, height: 860 })
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html}`)
    assert.deepEqual(found, [], `${what}, ${colorScheme}`)
    const isTooWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
    assert.equal(isTooWide, false, `${what} is wider than ${width} pixels`)
  }
  await page.setViewportSize({ width: 1366, height: 860 })
}

test(
  '[S2] [R1] from an empty computer to a first proven copy, a delivered job and files that came back, without a command line',
  { skip },
  async () => {
    await using ground = await pageGround()
    await using seen = await visit(ground)
    const { page } = seen
    for (const name of ['library', 'second', 'drive', 'back']) mkdirSync(join(ground.root, name))

    // First run: two places.
    await page.getByRole('heading', { name: 'Welcome' }).waitFor()
    assert.equal(new URL(page.url()).search, '', 'the key does not stay in the address')
    await axeFindsNothing(page, 'first run')
    await page.getByLabel('Where is your library?').fill(join(ground.root, 'library'))
    await page.getByLabel('Where may the second copy lie?').fill(join(ground.root, 'no-such-folder'))
    await page.getByRole('button', { name: 'Use these' }).click()
    await page.getByRole('alert').waitFor()
    // What was right is kept; only the other one is asked for again.
    await page.getByLabel('Where is your library?').waitFor({ state: 'detached' })
    await page.getByLabel('Where may the second copy lie?').fill(join(ground.root, 'second'))
    await page.getByRole('button', { name: 'Use these' }).click()
    await page.getByRole('heading', { name: 'Where your pictures are' }).waitFor()

    // A drive more, where places are.
    await page.getByRole('link', { name: 'Places', exact: true }).click()
    await page.getByLabel('What for').selectOption('drive')
    await page.getByLabel('Folder or address').fill(join(ground.root, 'drive'))
    await page.getByLabel('Name').fill('Safe 1')
    await page.getByRole('button', { name: 'Add a place' }).click()
    await page.getByRole('heading', { name: 'Safe 1', exact: true }).waitFor()
    await axeFindsNothing(page, 'places')

    // A card is copied by the command line, through the same program: the open page follows by itself.
    await page.getByRole('link', { name: 'Home' }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    const { folder: card = '' } = await testCard('NIKON_D90')
    const ingested = await runCommand([
      'ingest',
      card,
      '--job',
      'Wedding',
      '--client',
      'Miller',
      '--home',
      ground.home,
      '--json',
    ])
    assert.equal(ingested.exitCode, 0, story(ingested))
    const row = page.getByRole('link', { name: /Wedding.*Miller/ })
    await row.waitFor()
    await axeFindsNothing(page, 'home')

    // Found among the jobs, by its client.
    await page.getByRole('link', { name: 'Jobs', exact: true }).click()
    await page.getByRole('searchbox').fill('nobody')
    await page.getByText('No job matches.').waitFor()
    await page.getByRole('searchbox').fill('miller')
    const found = page.getByRole('option', { name: /Wedding/ })
    await found.waitFor()
    await axeFindsNothing(page, 'jobs')

    // The job: its pictures, and that it was delivered.
    await found.click()
    await page.locator('.pictures img').first().waitFor()
    await axeFindsNothing(page, 'job')
    await page.getByRole('button', { name: 'Delivered to the client' }).click()
    await page.getByRole('button', { name: 'Open again' }).waitFor()
    const saving = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Report (PDF)' }).click()
    const saved = await saving
    assert.match(saved.suggestedFilename(), /^Wedding \d{4}-\d\d-\d\d\.pdf$/)
    assert.equal(
      readFileSync(await saved.path())
        .subarray(0, 5)
        .toString(),
      '%PDF-',
    )
    const status = await runCommand(['status', '--home', ground.home, '--json'])
    assert.match(JSON.stringify(status.last), /"state":"delivered"/)

    // Which card, and why it must be kept.
    await page.getByRole('link', { name: 'Cards', exact: true }).click()
    await axeFindsNothing(page, 'cards')
    await page.locator('.memory-card').first().click()
    await page.getByRole('heading', { name: 'Why it must be kept' }).waitFor()
    await axeFindsNothing(page, 'card')

    // What if the house burns?
    await page.getByRole('link', { name: 'What if?' }).click()
    await page.getByText('home', { exact: true }).click()
    await page.getByRole('heading', { name: 'Where it would come back from' }).waitFor()
    await axeFindsNothing(page, 'what if')

    // And back again.
    await page.getByRole('link', { name: 'Get back' }).click()
    await page.getByLabel('Into which folder?').fill(join(ground.root, 'back'))
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await axeFindsNothing(page, 'restore')
    await page.getByRole('button', { name: 'Get them back' }).click()
    await page.getByRole('link', { name: 'Activity' }).click()
    await page
      .getByText(/Getting files back/)
      .first()
      .waitFor()
    await axeFindsNothing(page, 'activity')
    const back = readdirSync(join(ground.root, 'back'), { recursive: true }).map(String)
    assert.ok(
      back.some((name) => name.endsWith('.JPG')),
      back.join(', '),
    )

    // In German as well, and it stays so.
    await page.getByLabel('Language').selectOption('de')
    await page.getByRole('heading', { name: 'Verlauf' }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: 'Überblick' }).click()
    await page.getByRole('heading', { name: 'Wo deine Bilder sind' }).waitFor()
    assert.deepEqual(seen.complaints, [])
  },
)

test('a page whose program stopped says so, and goes on by itself when it is back', { skip }, async () => {
  await using ground = await pageGround()
  await using seen = await visit(ground)
  const { page } = seen
  await page.getByRole('heading', { name: 'Welcome' }).waitFor()
  ground.daemon.signal('SIGTERM')
  await ground.daemon.ended
  await page.getByRole('link', { name: 'Cards', exact: true }).click()
  await page.getByText('does not answer').first().waitFor()
  await using again = startCommand(['start', '--json', '--home', ground.home], { timeoutMs: 120_000 })
  await again.waitFor('the page', ({ sentence }) => String(sentence).startsWith('The page is at'))
  await page.getByText('No card was seen yet').first().waitFor()
})
