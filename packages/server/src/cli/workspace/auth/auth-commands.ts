/** `lakegate auth …`, with the names of the databricks CLI. */
import type { Command } from 'commander'
import { describeCommand, envCommand } from './describe.ts'
import { loginCommand } from './login.ts'
import { logoutCommand } from './logout.ts'
import { profilesCommand, switchCommand } from './profiles-command.ts'
import { tokenCommand } from './token.ts'

/** @param auth takes --host and --account-id for all of them */
export function addAuthCommands(auth: Command): void {
  auth.addCommand(loginCommand())
  auth.addCommand(logoutCommand())
  auth.addCommand(profilesCommand())
  auth.addCommand(switchCommand())
  auth.addCommand(tokenCommand())
  auth.addCommand(describeCommand())
  auth.addCommand(envCommand())
}
