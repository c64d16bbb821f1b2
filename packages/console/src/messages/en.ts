/** The English catalogue: one file a subject. */
import { account } from './en/account.ts'
import { app } from './en/app.ts'
import { audit } from './en/audit.ts'
import { compute } from './en/compute.ts'
import { help } from './en/help.ts'
import { identity } from './en/identity.ts'
import { instance } from './en/instance.ts'
import { instanceTabs } from './en/instance-tabs.ts'
import { kit } from './en/kit.ts'
import { kitPage } from './en/kit-page.ts'
import { settings } from './en/settings.ts'
import { sql } from './en/sql.ts'

export const en = {
  account,
  app,
  audit,
  compute,
  help,
  identity,
  instance,
  instanceTabs,
  kit,
  kitPage,
  settings,
  sql,
}
