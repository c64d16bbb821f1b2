/** The streams of the runtime on which this process runs. */
import { bunStreams } from './bun-streams.ts'
import type { Streams } from './byte-stream.ts'
import { nodeStreams } from './node-streams.ts'

export const streams: Streams = process.versions.bun === undefined ? nodeStreams : bunStreams
