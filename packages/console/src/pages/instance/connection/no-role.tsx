/** Shown to a person who may neither log in to the instance nor manage it: whom to ask, and why (design 5.3). */
import type { DatabaseInstance } from '@lakegate/client'
import { useMayDo } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import { LinkButton } from '../../../kit/button.tsx'
import { CopyTextButton } from '../../../kit/copy.tsx'
import { Notice } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'

const texts = messages.instance.noRole

export function NoRole({ instance: { name, creator } }: { readonly instance: DatabaseInstance }) {
  const { person, workspace } = useSession()
  const mayCheck = useMayDo(name, 'check_own_login')
  const url = `${workspace.url}/console/compute/instances/${encodeURIComponent(name)}`
  return (
    <Notice
      tone="warn"
      title={texts.title(name, creator)}
      actions={
        <>
          <CopyTextButton what={texts.copyRequest} text={texts.request(person.name, name, url)}>
            {texts.copyRequest}
          </CopyTextButton>
          {mayCheck === true && (
            <LinkButton
              to="/compute/instances/$name/login-check"
              params={{ name }}
              search={{ role: person.name }}
            >
              {texts.check}
            </LinkButton>
          )}
        </>
      }
    />
  )
}
