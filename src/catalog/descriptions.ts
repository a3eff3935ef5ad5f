import type { Schema } from './schema.ts'

type TableDescription<Table> = {
  readonly about: string
  readonly columns: { readonly [Column in keyof Table]: string }
}

/**
 * What every table and column means, for `docs/reference/catalog-schema.md`. A column without a description does not
 * compile; a description without a column in the database fails the page's test.
 */
export const descriptions: { readonly [Table in keyof Schema]: TableDescription<Schema[Table]> } = {
  identity: {
    about: 'One row: which catalog this is, and how far it has come, so that an older one that comes back is noticed.',
    columns: {
      catalog_id: 'Made once, when the catalog was.',
      generation: 'Raised by one with every run.',
      newest_at_ms: 'The newest moment in the books: a clock that shows less was set back (D3).',
    },
  },
  place: {
    about:
      'Where copies live. A removed place is retired and keeps its row: its copies count for nothing, their history stays.',
    columns: {
      id: 'The id in the place’s marker (W4).',
      name: 'The person’s name for it; unique among the places in use.',
      role: 'library, second, cloud or drive.',
      site: 'What burns together.',
      address: 'A folder or an address such as s3://…; unique among the places in use.',
      declared_device: 'The device a person declared (V2).',
      added_at_ms: 'When it was set up.',
      retired_at_ms: 'When it was removed from the settings.',
      seen_at_ms: 'When it last answered; the following columns are from then.',
      device_id: 'The physical device it lay on.',
      device_how: 'Whether the device was measured, declared or unknown.',
      free_bytes: 'Room that was free.',
      total_bytes: 'Size of its volume.',
      fs_type: 'Its file system, as the system names it.',
    },
  },
  card: {
    about: 'A memory card, known again by reading only (C1).',
    columns: {
      id: 'Given by the catalog.',
      label: 'Volume label, or the folder’s name.',
      fs_uuid: 'The file system’s id; most cameras change it when they format.',
      fs_type: 'Its file system.',
      volume_bytes: 'Size of the volume; null for a plain folder.',
      is_volume: '1 when it was the root of a mounted volume.',
      root: 'Where it was seen last.',
      maker: 'Maker of the camera, from the folders on it.',
      structure: 'Name of the folder structure on it.',
      first_seen_at_ms: 'When it was seen first.',
      last_seen_at_ms: 'When it was seen last.',
      retired_at_ms: 'When the person said it is no longer in use.',
      suspect_at_ms: 'When two reads of one of its files differed (V4).',
      suspect_why: 'The sentence for that.',
    },
  },
  job: {
    about: 'One assignment for one client.',
    columns: {
      id: 'Given by the catalog.',
      name: 'The person’s name for it.',
      client: 'Who it is for; may be empty.',
      state: 'open, delivered or closed.',
      folder: 'Its folder below each place’s root; decided once.',
      shot_on: 'Day of the first picture, YYYY-MM-DD.',
      created_at_ms: 'When it began.',
      delivered_at_ms: 'When it was delivered; null again when it is reopened.',
    },
  },
  roll: {
    about: 'What one card held between two formats.',
    columns: {
      id: 'Given by the catalog.',
      card_id: 'Its card.',
      number: '1 for the card’s first roll; the highest is what the card holds now.',
      label: 'The card’s label when the roll began.',
      label_key: 'The label in lower case: a Mac or Windows disk takes “A” and “a” for one name.',
      label_number: 'Counts over all cards of that label, so that two cards with one label never share a folder.',
      name: 'Label and that number: “EOS_DIGITAL 003”.',
      job_id: 'The job it belongs to.',
      folder: 'Its folder below each place’s root.',
      started_at_ms: 'When it was seen first.',
      second_read: 'V4: agreed, differed or not-done, for the roll as a whole.',
      second_read_at_ms: 'When that was said.',
    },
  },
  roll_file: {
    about: 'What the card held, file by file, when it was seen last.',
    columns: {
      roll_id: 'Its roll.',
      path: 'Below the card’s root.',
      name: 'Last part of the path, to find twins on another card.',
      bytes: 'Size as listed.',
      mtime_ms: 'Time as listed.',
      hash: 'What it held; null until it was read whole.',
      second_finding: 'V4: whether another read gave the same hash.',
      second_strength: 'Whether that read was past the cache.',
      second_at_ms: 'When that was.',
      problem_code: 'The failure that stands in the way of copying it, if any.',
      problem_sentence: 'The sentence for that.',
    },
  },
  warning: {
    about: 'What is odd about a file that was copied all the same.',
    columns: {
      roll_id: 'Its roll.',
      path: 'Below the card’s root.',
      code: 'Stable name of the warning.',
      sentence: 'What a person reads.',
    },
  },
  left_out: {
    about: 'What lay on the card and was not copied, with the reason.',
    columns: {
      roll_id: 'Its roll.',
      path: 'Below the card’s root.',
      why: 'The reason.',
      files: 'How many files the row stands for.',
    },
  },
  shot: {
    about: 'Originals that belong together.',
    columns: {
      id: 'Given by the catalog.',
      roll_id: 'The roll it was found in.',
      name: 'What its files have in common.',
    },
  },
  original: {
    about: 'The ledger of everything ever seen: one file as the camera wrote it. Rows are never deleted.',
    columns: {
      hash: 'XXH128 of its bytes.',
      bytes: 'Its size.',
      name: 'Its file name when it was seen first.',
      job_id: 'The job it was seen in first.',
      shot_id: 'Its shot; null until the shots were worked out.',
      first_seen_at_ms: 'When it was read first.',
      capture_local: 'When it was taken, in the camera’s own clock.',
      capture_offset: 'The clock’s offset from UTC, if the file tells.',
      capture_source: 'Where the time comes from.',
      capture_plausible: '0 when the camera’s clock was obviously wrong.',
      make: 'Maker of the camera.',
      model: 'Model of the camera.',
      body_serial: 'Serial number of the camera.',
      width: 'Picture width in pixels.',
      height: 'Picture height in pixels.',
      duration_seconds: 'Length of a clip or recording.',
      content_id: 'Ties the parts of a Live Photo together.',
      burst_id: 'Ties a burst together.',
      readability: 'Result of the quick look; null until it was made.',
      readability_sentence: 'What a person reads when it can not be opened.',
      culled_at_ms: 'When it was culled on purpose: not copied again, not called missing.',
      culled_why: 'By whom or why.',
      adopted_at_ms:
        'When it was taken in from a place, without a card; null again when a card turns up that holds it.',
    },
  },
  copy: {
    about: 'One original at one place under one path, with the evidence that stands. Rows are never deleted.',
    columns: {
      number: 'Counts up; for the evidence to point at.',
      hash: 'The original it is meant to be.',
      place_id: 'Its place.',
      path: 'Below the place’s root.',
      latest_at_ms: 'When the evidence that stands was seen.',
      latest_strength: 'written, cached, medium or provider; only the last two prove (V1).',
      latest_finding: 'agreed, differed or absent.',
      latest_device_id: 'The physical device that was read (V2).',
      bytes: 'Size of the original, to add up what lies at a place.',
    },
  },
  evidence: {
    about: 'Everything ever seen of a copy, in the order it was recorded. Triggers refuse changes and deletions (W3).',
    columns: {
      number: 'Counts up in the order of recording.',
      copy_number: 'The copy that was looked at.',
      at_ms: 'When it was seen.',
      strength: 'How strong the look was.',
      finding: 'What was found.',
      device_id: 'The physical device that was read (V2).',
      run_id: 'The run that saw it.',
    },
  },
  run: {
    about: 'One piece of work. Begun and never ended means that it was interrupted.',
    columns: {
      id: 'Given by the catalog.',
      kind: 'ingest, verify and so on.',
      arguments: 'What it was asked to do, as JSON, without secrets (S1).',
      started_at_ms: 'When it began.',
      ended_at_ms: 'When it ended.',
      outcome: 'How it ended.',
    },
  },
  run_note: {
    about: 'What happened in a run that a person may ask about later.',
    columns: {
      number: 'Counts up.',
      run_id: 'Its run.',
      at_ms: 'When it happened.',
      code: 'Stable name of what happened.',
      place_id: 'The place it is about.',
      path: 'The file it is about.',
      sentence: 'What a person reads.',
    },
  },
  job_tally: {
    about:
      'The counted state of a job, kept so that `status` does not count a million files. Culled files are left out.',
    columns: {
      job_id: 'Its job.',
      dirty: '1 when something was recorded since it was counted; set in the same transaction.',
      files: 'Originals of the job.',
      bytes: 'Their size together.',
      shots: 'Shots with at least one of them.',
      culled_files: 'Originals that were culled on purpose.',
      proven_copies_min: 'Over its files, the least number of proven copies on independent devices.',
      oldest_proof_at_ms: 'Age of the oldest evidence that proves a copy of it.',
      first_shot_on: 'Day of its first plausible picture, YYYY-MM-DD.',
      last_shot_on: 'Day of its last one.',
    },
  },
  job_tally_role: {
    about: 'The same for each role.',
    columns: {
      job_id: 'Its job.',
      role: 'The role; `card` is what lies on the cards themselves.',
      proven: 'Originals with a proven copy in that role.',
      present: 'Originals with a copy in that role that was there when it was last looked at.',
    },
  },
  card_sign: {
    about:
      'What a card showed of itself under each file system id it was ever seen with, so that a former id still names it.',
    columns: {
      card_id: 'The card.',
      fs_uuid: 'The id; empty when none was told.',
      label: 'The volume label at that time.',
      fs_type: 'The file system at that time.',
      volume_bytes: 'The size at that time.',
      root: 'Where it was seen last under this id.',
      maker: 'Maker of the camera at that time.',
      structure: 'Name of the folder structure at that time.',
      first_seen_at_ms: 'When this id was seen first.',
      last_seen_at_ms: 'When it was seen last.',
    },
  },
  card_event: {
    about: 'What happened to a card beside being read. Kept for good: a trigger refuses deletions.',
    columns: {
      number: 'Counts up.',
      card_id: 'The card.',
      at_ms: 'When it was noticed.',
      kind: 'formatted, formatted-without-leave or was-another-card.',
      roll_id: 'The roll that was on it before.',
      sentence: 'What a person reads.',
      seen_at_ms: 'When a person saw it; an alarm until then.',
    },
  },
  place_event: {
    about: 'What happened to a place as a whole, for what is due and what is usual.',
    columns: {
      number: 'Counts up.',
      place_id: 'The place.',
      kind: 'updated, drilled, checked or check-failed.',
      at_ms: 'When it was finished.',
      detail: 'Counts and words, as JSON, without secrets (S1).',
    },
  },
  working_file: {
    about: 'A working file as it was carried to a place (M2). Not an original: it may change.',
    columns: {
      place_id: 'The place.',
      path: 'Below the place’s root.',
      job_id: 'The job in whose folder it lies.',
      bytes: 'Its size.',
      mtime_ms: 'Its time in the library when it was carried.',
      hash: 'XXH128 of its bytes.',
      carried_at_ms: 'When it was carried.',
    },
  },
  receipt: {
    about:
      'What a service said of a copy that it stores: by this it can be asked again without reading the copy back (V1).',
    columns: {
      place_id: 'The place.',
      path: 'Below the place’s root.',
      hash: 'The original that lies there.',
      algorithm: 'By which the service computes its checksum; empty when it computes none.',
      digest: 'That checksum, as it was computed here while the bytes were sent.',
      stored_bytes: 'How many bytes the service stores for it.',
      object_id: 'The service’s own name of the file or version.',
      grade: 'A to E: how much its word is worth (docs/rules.md).',
      at_ms: 'When it was compared last.',
    },
  },
  removal: {
    about: 'A copy on its way out (D1): written down before it is touched, and after. A trigger refuses deletions.',
    columns: {
      number: 'Counts up.',
      hash: 'The original.',
      place_id: 'The place that the copy goes from.',
      path: 'Where the copy lay.',
      trash_path: 'Where it lies in the place’s trash.',
      why: 'The rule that let it go, as a sentence.',
      planned_at_ms: 'When it was written down.',
      state: 'planned (about to go, or interrupted there), in-trash, kept (it stayed after all) or gone.',
      changed_at_ms: 'Since when it is in that state.',
      run_id: 'The run that planned it.',
    },
  },
  where_group: {
    about:
      'Where the originals of a job are: those on the same cards, with copies of the same standing at the same places. Counted with the tally.',
    columns: {
      job_id: 'The job.',
      group_number: 'Counts up within the job.',
      files: 'How many originals; culled ones are left out.',
      bytes: 'Their size together.',
      example_name: 'The name of one of them.',
      newest_first_seen_at_ms: 'The newest moment at which one of them was first seen.',
    },
  },
  where_group_card: {
    about: 'The cards in use whose last roll holds the originals of such a group.',
    columns: {
      job_id: 'The job.',
      group_number: 'The group.',
      card_id: 'The card.',
      read_twice: '1 when a second read past the cache agreed (V4).',
    },
  },
  where_group_copy: {
    about: 'The places in use that hold the originals of such a group; of several copies at one place, the best.',
    columns: {
      job_id: 'The job.',
      group_number: 'The group.',
      place_id: 'The place.',
      device_id: 'The physical device that was read.',
      standing: 'proven, present or differed; what is known to be gone is not here.',
      oldest_at_ms: 'The oldest evidence among these copies.',
    },
  },
  roll_tally: {
    about: 'The rolls whose files were counted for the verdict on their card (C2). No row: not counted yet.',
    columns: {
      roll_id: 'The roll.',
      dirty: '1 when something was recorded since that may change a count; set in the same transaction.',
    },
  },
  roll_tally_job: {
    about:
      'The jobs of the originals in a counted roll: what is recorded for one of them makes the roll’s tally dirty.',
    columns: {
      job_id: 'The job.',
      roll_id: 'The roll.',
    },
  },
  roll_group: {
    about: 'Files of a counted roll that are in the same position.',
    columns: {
      roll_id: 'The roll.',
      group_number: 'Counts up within the roll, in the order of the first path.',
      files: 'How many files.',
      bytes: 'Their size together.',
      example_path: 'The first of them.',
      is_read: '0 when they were never read whole.',
      is_culled: '1 when they were culled on purpose.',
      problem_code: 'The failure that stands in the way of copying them, if any.',
      second_finding: 'V4: whether another read gave the same hashes.',
      second_strength: 'Whether that read was past the cache.',
      job_id: 'The job of the originals; null when unread.',
    },
  },
  roll_group_copy: {
    about: 'The copies of such a group at places in use.',
    columns: {
      roll_id: 'The roll.',
      group_number: 'The group.',
      position: 'Counts up within the group.',
      place_id: 'The place.',
      device_id: 'The physical device that was read.',
      standing: 'proven (whatever its age), present, differed or absent.',
      oldest_at_ms: 'The oldest evidence among them.',
      newest_at_ms:
        'The newest: how old a proof may be is asked each time, and is between the two only while a check is at work.',
    },
  },
}
