/** A first login by the README with nothing but Node.js, as it stands there. */
import { expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell } from '../stage/document-shell.ts'
import { makeDataDirectory, removeDataDirectory } from '../stage/lakegate.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { ready } = sharedLakegate()

it('the README logs in without psql and curl', async () => {
  const [block] = blocksRunBy('README.md', 'packages/server/test/clients/readme-without-psql.test.ts')
  const directory = await makeDataDirectory()
  const shell = await useShell(directory)
  const commands = (block?.text ?? '').replace(/CA=\.\.\. .*$/m, `CA='${ready.ca_file}'`)
  const { stdout } = await shell.run(`cd '${REPOSITORY}'\n${commands}`, {
    LAKEGATE: ready.http_url,
    ADMIN_TOKEN: ready.admin_token,
  })
  expect(stdout).toContain(`session_user: '${ready.admin_user}'`)
  await removeDataDirectory(directory)
})
