#!/usr/bin/env node
/** Entry point: the command line, and what it starts. */
import { runProgram } from './cli/program.ts'
import { loadEverything } from './composition/load-everything.ts'

process.exitCode = await runProgram(process.argv.slice(2), async (settings, progress) => {
  const startEverything = await loadEverything()
  return startEverything(settings, progress)
})
