/** A file on its way whose bytes outlive the run; see on-the-way.ts. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { LastingWriting, Reading } from '../../engine/contracts.ts'
import type { OpenFile } from './direct-file.ts'
import { flushFile, openForWriting, openToGoOn } from './direct-file.ts'
import { openReading } from './file-reading.ts'
import { FileWriting } from './file-writing.ts'
import type { OnTheWayFile } from './on-the-way.ts'
import { placeFailure } from './system-failure.ts'

export class LastingFile extends FileWriting implements LastingWriting {
  readonly keptBytes: number
  readonly #way: OnTheWayFile
  readonly #placeName: string

  private constructor(way: OnTheWayFile, bytes: number, place: string, reaches: 'medium' | 'cached', file: OpenFile) {
    super(way.path, bytes, place, reaches, file)
    this.#way = way
    this.#placeName = place
    this.keptBytes = way.keptBytes
  }

  static async open(
    way: OnTheWayFile,
    bytes: number,
    place: string,
    reaches: 'medium' | 'cached',
  ): Promise<Result<LastingFile>> {
    try {
      const wants = { direct: true, atOnce: false }
      const file = await (way.keptBytes > 0
        ? openToGoOn(way.path, way.keptBytes, wants)
        : openForWriting(way.path, wants))
      return done(new LastingFile(way, bytes, place, reaches, file))
    } catch (error) {
      way.letGo()
      return failed(placeFailure(error, place))
    }
  }

  override get path(): string {
    return this.#way.path
  }

  openKept(): Promise<Result<Reading>> {
    return openReading(this.path, {
      how: 'past-cache',
      atOnce: false,
      directReaches: 'cached',
      explain: (error) => placeFailure(error, this.#placeName),
    })
  }

  keepUpTo(position: number): Promise<Result<void>> {
    return this.unlessPoisoned(async (file) => {
      await flushFile(file.fd)
      this.#way.kept(position)
    })
  }

  async leave(): Promise<void> {
    if (!this.#way.isWorthKeeping) {
      await this.discard()
      return
    }
    await this.letGoOfFile()
    this.#way.letGo()
  }

  override async discard(): Promise<void> {
    await super.discard()
    this.#way.letGo()
  }
}
