#!/usr/bin/env node
/** Entry point: the command line, and what it starts. */
import { runProgram } from './cli/program.ts'
import { loadEverything, loadGateway, loadMasterKeyRotation } from './composition/load-everything.ts'

process.exitCode = await runProgram(process.argv.slice(2), {
  everything: async (...start) => (await loadEverything()).everything(...start),
  control: async (...start) => (await loadEverything()).control(...start),
  gateway: async (...start) => (await loadGateway())(...start),
  rotateMasterKey: async (settings) => (await loadMasterKeyRotation())(settings),
})
