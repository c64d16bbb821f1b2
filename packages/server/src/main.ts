#!/usr/bin/env node
/** Entry point: the command line, and what it starts. */
import { runProgram } from './cli/program.ts'
import { loadEverything, loadGateway } from './composition/load-everything.ts'

process.exitCode = await runProgram(process.argv.slice(2), {
  everything: async (settings, progress) => (await loadEverything()).everything(settings, progress),
  control: async (settings, progress) => (await loadEverything()).control(settings, progress),
  gateway: async (settings, progress) => (await loadGateway())(settings, progress),
})
