#!/usr/bin/env node
/**
 * The command `lakegate`. npm links a command only where its file is there already, and a clone builds the program after
 * that; so this file is in the repository, and loads what was built.
 */
import { existsSync } from 'node:fs'

const program = new URL('../dist/main.js', import.meta.url)

if (existsSync(program)) await import(program.href)
else {
  process.stderr.write(
    '\nLakegate cannot go on: this clone was not built.\nWhat to do: Run npm ci, or npm run build, in the clone.\n',
  )
  process.exitCode = 1
}
