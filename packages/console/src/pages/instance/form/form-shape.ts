/** What the form checks itself before anything is sent; the server checks the rest. */
import { z } from 'zod'
import { messages } from '../../../messages/index.ts'
import { CAPACITIES, type FormValues } from './form-values.ts'
import { readHosts, readTags } from './lines.ts'

const texts = messages.instance.form
/** The same rule as in the server's domain/database-instance.ts. */
const NAME = /^[A-Za-z][A-Za-z0-9-]{0,62}$/

const required = z.string().min(1, texts.required)

const fields = z.object({
  kind: z.enum(['new', 'attach']),
  name: z.string().regex(NAME, texts.nameProblem),
  capacity: z.enum(CAPACITIES),
  usage_policy_id: z.string(),
  enable_pg_native_login: z.boolean(),
  custom_tags: z.string().superRefine((text, context) => {
    const { wrong } = readTags(text)
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: texts.tagProblem(wrong) })
  }),
  retention_window_in_days: z.number(),
  end_on_token_expiry: z.boolean(),
  end_on_membership_loss: z.boolean(),
  enable_logical_replication: z.boolean(),
  hosts: z.string(),
  database: z.string(),
  tls_mode: z.enum(['verify-full', 'verify-ca']),
  ca_pem: z.string(),
  administrator: z.string(),
  administrator_password: z.string(),
  backend_authentication: z.enum(['client_certificate', 'scram']),
  existing_passwords: z.enum(['refuse', 'replace']),
})

const attachedFields = fields.extend({
  hosts: z.string().superRefine((text, context) => {
    const { read, wrong } = readHosts(text)
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: texts.hostProblem(wrong) })
    else if (read.length === 0) context.addIssue({ code: 'custom', message: texts.hostMissing })
  }),
  database: required,
  administrator: required,
})

/** @param isEdited an attached cluster keeps its password if none is typed */
export function formShape(kind: FormValues['kind'], isEdited: boolean): z.ZodType<FormValues> {
  if (kind === 'new') return fields
  return isEdited ? attachedFields : attachedFields.extend({ administrator_password: required })
}

/** Maps fields of the API to the fields of the form. */
export const FIELD_OF: Readonly<Record<string, keyof FormValues>> = {
  session_policy: 'end_on_token_expiry',
  'attached.hosts': 'hosts',
  'attached.database': 'database',
  'attached.tls.mode': 'tls_mode',
  'attached.tls.ca_pem': 'ca_pem',
  'attached.administration.user': 'administrator',
  'attached.administration.password': 'administrator_password',
  'attached.backend_authentication': 'backend_authentication',
  'attached.existing_passwords': 'existing_passwords',
}
