/** Connection details: as whom, where to, and the command or code for each client (design 5.3). */
import type { DatabaseInstance } from '@lakegate/client'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMayDo } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import { LinkButton } from '../../../kit/button.tsx'
import { RadioGroup, Select } from '../../../kit/choice.tsx'
import { CodeBlock } from '../../../kit/copy.tsx'
import { Section } from '../../../kit/page.tsx'
import { InlineError, Notice } from '../../../kit/state.tsx'
import { Tabs } from '../../../kit/tabs.tsx'
import { messages } from '../../../messages/index.ts'
import { CaFile } from './ca-file.tsx'
import type { ConnectionSearch } from './connection-search.ts'
import { connectionString, FORMS } from './connection-strings.ts'
import styles from './connection.module.css'
import { TokenCard } from './token-card.tsx'
import { useSignInChoices } from './use-sign-in-choices.ts'

const texts = messages.instance.connection

export function ConnectionDetails({ instance }: { readonly instance: DatabaseInstance }) {
  const search: ConnectionSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const { workspace } = useSession()
  const choices = useSignInChoices(instance)
  const mayMint = useMayDo(instance.name, 'mint_credential')
  const choose = (changed: ConnectionSearch) =>
    void navigate({ to: '.', search: { ...search, ...changed }, replace: true })
  const form = search.form ?? 'psql'
  const connection = { ...choices, workspaceUrl: workspace.url }
  const mayConnect = mayMint === true || instance.state !== 'AVAILABLE'
  return (
    <Section title={texts.title}>
      {mayConnect && (
        <div className={styles['choices']}>
          {choices.hasPooled && (
            <RadioGroup
              label={texts.endpoint}
              value={choices.endpoint}
              options={[
                { value: 'direct', label: texts.direct },
                { value: 'pooled', label: texts.pooled },
              ]}
              onChange={(endpoint) => choose({ endpoint })}
              {...(choices.endpoint === 'pooled' ? { hint: texts.pooledHint } : {})}
            />
          )}
          <Select
            label={texts.signInAs}
            value={choices.role}
            options={choices.roles}
            onChange={(role) => choose({ role })}
            hint={choices.roles.find(({ value }) => value === choices.role)?.description}
          />
          <Select
            label={texts.database}
            value={choices.database}
            options={choices.databases}
            onChange={(database) => choose({ database })}
          />
        </div>
      )}
      <InlineError error={choices.error} />
      {choices.hasNoRole && (
        <Notice
          tone="warn"
          actions={
            <LinkButton to="/compute/instances/$name/roles" params={{ name: instance.name }}>
              {messages.instance.tabs.roles}
            </LinkButton>
          }
        >
          {messages.instance.noRole.butManages(instance.name)}
        </Notice>
      )}
      <TokenCard key={instance.uid} instance={instance} />
      {mayConnect && (
        <>
          <h3>{texts.string}</h3>
          <Tabs
            label={texts.string}
            tabs={FORMS.map((id) => ({ id, label: texts.forms[id] }))}
            selected={form}
            onSelect={(chosen) => choose({ form: chosen })}
          >
            <CodeBlock what={texts.copyString} code={connectionString(form, connection)} />
          </Tabs>
          <p className={styles['note']}>{form === 'libpq18' ? texts.noteLibpq18 : texts.note}</p>
          <CaFile connection={connection} />
        </>
      )}
    </Section>
  )
}
