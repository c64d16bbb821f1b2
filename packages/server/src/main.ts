#!/usr/bin/env node
/**
 * Entry point: the command line, and what it starts. What is imported at first runs on every Node.js there is, so that
 * whoever has one that is too old reads that, and not which word of a library it does not know.
 */
import { complainOfRuntime } from './cli/runtime.ts'

const complaint = complainOfRuntime(process.versions)
if (complaint === undefined) await runLakegate()
else {
  process.stderr.write(complaint)
  process.exitCode = 1
}

async function runLakegate(): Promise<void> {
  const { forgetPostgresVariables } = await import('./cli/postgres-variables.ts')
  forgetPostgresVariables(process.env)
  const { runProgram } = await import('./cli/program.ts')
  const { endWhatIsLeftOpen } = await import('./cli/last-resort.ts')
  const {
    loadEverything,
    loadGateway,
    loadLocalLoginPlace,
    loadMasterKeyRotation,
    loadOperator,
    loadResolver,
    loadTemporaryDirectoryRemoval,
  } = await import('./composition/load-everything.ts')
  const recovery = async () => (await loadOperator()).accessRecovery
  process.exitCode = await runProgram(process.argv.slice(2), {
    everything: async (...start) => (await loadEverything()).everything(...start),
    control: async (...start) => (await loadEverything()).control(...start),
    gateway: async (...start) => (await loadGateway())(...start),
    removeTemporaryDirectory: async (...request) => (await loadTemporaryDirectoryRemoval())(...request),
    rotateMasterKey: async (settings) => (await loadMasterKeyRotation())(settings),
    replaceLostMasterKey: async (settings) => (await loadOperator()).replaceLostMasterKey(settings),
    accessRecovery: {
      listAdministrators: async (...request) => (await recovery()).listAdministrators(...request),
      makeSignInLink: async (...request) => (await recovery()).makeSignInLink(...request),
      makeToken: async (...request) => (await recovery()).makeToken(...request),
      grant: async (...request) => (await recovery()).grant(...request),
      makeSecretFile: async (...request) => (await recovery()).makeSecretFile(...request),
    },
    readStatus: async (settings) => (await loadOperator()).readStatus(settings),
    examine: async (settings) => (await loadOperator()).examine(settings),
    makeBackup: async (...request) => (await loadOperator()).makeBackup(...request),
    restoreBackup: async (...request) => (await loadOperator()).restoreBackup(...request),
    localLoginPlace: async (settings) => (await loadLocalLoginPlace())(settings),
    resolveSettings: async (settings) => (await loadResolver())(settings),
  })
  endWhatIsLeftOpen()
}
