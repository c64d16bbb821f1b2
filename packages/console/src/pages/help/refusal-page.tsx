/** One refusal: its message, what it means, who can change it, what to do (design 5.9). */
import type { RefusalExplanation } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { refusalsQuery } from '../../data/refusals.ts'
import { useMay } from '../../data/session.ts'
import { LinkButton } from '../../kit/button.tsx'
import { CodeBlock } from '../../kit/copy.tsx'
import { Page, Section } from '../../kit/page.tsx'
import { EmptyState, KeyValueList, PageError, Skeleton, type KeyValue } from '../../kit/state.tsx'
import { useParam } from '../../kit/use-param.ts'
import { messages } from '../../messages/index.ts'
import styles from './help.module.css'

const texts = messages.help.refusals

export function RefusalPage() {
  const name = useParam('name')
  const { data, error, refetch } = useQuery(refusalsQuery)
  const seesAudit = useMay('see_audit') === true
  const found = data?.find((one) => one.name === name)
  return (
    <Page
      title={name}
      section={texts.title}
      actions={
        seesAudit &&
        found !== undefined && (
          <LinkButton to="/audit" search={{ outcome: 'refused', reason: name }}>
            {texts.inAudit}
          </LinkButton>
        )
      }
    >
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && found === undefined && (
        <EmptyState actions={<LinkButton to="/help/refusals">{texts.all}</LinkButton>}>
          {texts.unknown(name)}
        </EmptyState>
      )}
      {found !== undefined && <Explanation refusal={found} />}
    </Page>
  )
}

function Explanation({ refusal }: { readonly refusal: RefusalExplanation }) {
  const { meaning, who_can_change: whoCanChange, steps = [] } = refusal
  const postgres = present([
    [texts.sqlstate, refusal.sqlstate],
    [texts.message, refusal.message],
    [texts.detail, refusal.detail],
    [texts.hint, refusal.hint],
  ])
  const rest = present([
    [texts.status, refusal.http_status?.toString()],
    [texts.errorCode, refusal.error_code],
    [texts.message, refusal.http_message],
  ])
  return (
    <>
      {meaning !== undefined && (
        <Section title={texts.means}>
          <p className={styles['text']}>{meaning}</p>
        </Section>
      )}
      {whoCanChange !== undefined && (
        <Section title={texts.whoCanChange}>
          <p className={styles['text']}>{whoCanChange}</p>
        </Section>
      )}
      {steps.length > 0 && (
        <Section title={texts.steps}>
          <ol className={styles['steps']}>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Section>
      )}
      {postgres.length > 0 && (
        <Section title={texts.postgres}>
          <KeyValueList items={postgres} />
        </Section>
      )}
      {rest.length > 0 && (
        <Section title={texts.rest}>
          <KeyValueList items={rest} />
        </Section>
      )}
      <Section>
        <CodeBlock what={texts.what} code={verbatim(refusal)} />
        <p>{texts.placeholders}</p>
      </Section>
    </>
  )
}

const present = (pairs: readonly (readonly [string, string | undefined])[]): readonly KeyValue[] =>
  pairs.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: <bdi>{value}</bdi> }]))

/** As psql prints it, or as the API returns it, so that it can be searched for. */
function verbatim({
  message,
  detail,
  hint,
  http_message: http,
  error_code: code,
}: RefusalExplanation): string {
  if (message === undefined) return JSON.stringify({ error_code: code, message: http })
  return [`FATAL:  ${message}`, detail && `DETAIL:  ${detail}`, hint && `HINT:  ${hint}`]
    .filter((line) => line !== undefined && line !== '')
    .join('\n')
}
