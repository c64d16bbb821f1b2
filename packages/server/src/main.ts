#!/usr/bin/env node
/** Entry point: the command line, and what it starts. */
import { runProgram } from './cli/program.ts'
import { startEverything } from './composition/everything.ts'

process.exitCode = await runProgram(process.argv.slice(2), startEverything)
