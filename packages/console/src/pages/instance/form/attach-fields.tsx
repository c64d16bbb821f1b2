/** How Lakegate reaches a PostgreSQL that somebody else runs (docs/attached-instances.md). */
import { RadioGroup } from '../../../kit/choice.tsx'
import { TextField } from '../../../kit/field.tsx'
import type { FormState } from '../../../kit/use-form.ts'
import { messages } from '../../../messages/index.ts'
import type { FormValues } from './form-values.ts'

const texts = messages.instance.form

export interface AttachFieldsProps {
  readonly form: FormState<FormValues>
  readonly isEdited: boolean
}

export function AttachFields({ form, isEdited }: AttachFieldsProps) {
  const { values, set, problemOf } = form
  return (
    <>
      <TextField
        label={texts.hosts}
        hint={texts.hostsHint}
        isMultiline
        isMono
        rows={2}
        value={values.hosts}
        onChange={(text) => set('hosts', text)}
        problem={problemOf('hosts')}
      />
      <TextField
        label={texts.database}
        hint={texts.databaseHint}
        isMono
        value={values.database}
        onChange={(text) => set('database', text)}
        problem={problemOf('database')}
      />
      <RadioGroup
        label={texts.tls}
        asCards
        value={values.tls_mode}
        options={[
          { value: 'verify-full', label: texts.tlsFull, description: texts.tlsFullHint },
          { value: 'verify-ca', label: texts.tlsCa, description: texts.tlsCaHint },
        ]}
        onChange={(mode) => set('tls_mode', mode)}
        problem={problemOf('tls_mode')}
      />
      <TextField
        label={texts.ca}
        hint={texts.caHint}
        isOptional
        isMultiline
        isMono
        rows={4}
        value={values.ca_pem}
        onChange={(text) => set('ca_pem', text)}
        problem={problemOf('ca_pem')}
      />
      <TextField
        label={texts.administrator}
        hint={texts.administratorHint}
        isMono
        autoComplete="off"
        value={values.administrator}
        onChange={(text) => set('administrator', text)}
        problem={problemOf('administrator')}
      />
      <TextField
        label={texts.password}
        type="password"
        autoComplete="new-password"
        isOptional={isEdited}
        {...(isEdited ? { hint: texts.passwordKept } : {})}
        value={values.administrator_password}
        onChange={(text) => set('administrator_password', text)}
        problem={problemOf('administrator_password')}
      />
      <RadioGroup
        label={texts.authentication}
        asCards
        value={values.backend_authentication}
        options={[
          {
            value: 'client_certificate',
            label: texts.byCertificate,
            description: texts.byCertificateHint,
          },
          { value: 'scram', label: texts.byScram, description: texts.byScramHint },
        ]}
        onChange={(way) => set('backend_authentication', way)}
        problem={problemOf('backend_authentication')}
      />
      <RadioGroup
        label={texts.existing}
        value={values.existing_passwords}
        options={[
          { value: 'refuse', label: texts.refuse },
          { value: 'replace', label: texts.replace },
        ]}
        onChange={(what) => set('existing_passwords', what)}
        problem={problemOf('existing_passwords')}
      />
    </>
  )
}
