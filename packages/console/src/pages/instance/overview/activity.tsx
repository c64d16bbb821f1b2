/** The open sessions and the last refusal; each part only for people who may see it. */
import type { DatabaseInstance } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lastRecordQuery } from '../../../data/audit-facts.ts'
import { useMayDo } from '../../../data/instances.ts'
import { useMay } from '../../../data/session.ts'
import { instanceSessionsQuery } from '../../../data/sessions.ts'
import { Section } from '../../../kit/page.tsx'
import { KeyValueList } from '../../../kit/state.tsx'
import { TimeText } from '../../../kit/time.tsx'
import { messages } from '../../../messages/index.ts'

const texts = messages.instance.activity

export function Activity({ instance }: { readonly instance: DatabaseInstance }) {
  const { name, state } = instance
  const maySeeSessions = useMayDo(name, 'see_sessions') === true && state === 'AVAILABLE'
  const maySeeAudit = useMay('see_audit') === true
  if (!maySeeSessions && !maySeeAudit) return null
  return (
    <Section title={texts.title}>
      <KeyValueList
        items={[
          ...(maySeeSessions
            ? [{ key: messages.instance.tabs.sessions, value: <OpenSessions name={name} /> }]
            : []),
          ...(maySeeAudit ? [{ key: texts.lastRefusal, value: <LastRefusal uid={instance.uid} /> }] : []),
        ]}
      />
    </Section>
  )
}

function OpenSessions({ name }: { readonly name: string }) {
  const { data } = useQuery(instanceSessionsQuery(name))
  if (data === undefined) return null
  const { sessions, silent_gateways: silent } = data
  return (
    <>
      <Link to="/compute/instances/$name/sessions" params={{ name }}>
        {texts.open(sessions.length)}
      </Link>
      {silent > 0 && ` · ${texts.silent(silent)}`}
    </>
  )
}

function LastRefusal({ uid }: { readonly uid: string }) {
  const { data } = useQuery(lastRecordQuery({ event: 'login', outcome: 'refused', instanceUid: uid }))
  if (data === undefined) return null
  if (data === null) return texts.noRefusal
  return (
    <Link to="/audit" search={{ outcome: 'refused', instance_uid: uid }}>
      <TimeText at={data.time} />
      {data.reason !== undefined && ` · ${data.reason}`}
    </Link>
  )
}
