/** Who may use and manage the instance; each row is saved at once and has Undo (design 5.5). */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { instancePermissionsQuery } from '../../data/instance-permissions.ts'
import { useMayDo } from '../../data/instances.ts'
import { Button } from '../../kit/button.tsx'
import { Section, Toolbar } from '../../kit/page.tsx'
import { Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { AddPermission } from './permissions/add-permission.tsx'
import { PermissionTable } from './permissions/permission-table.tsx'
import { rowsOf } from './permissions/permission-rows.ts'
import { useInstanceName } from './use-instance-name.ts'
import { Denied } from './denied.tsx'

const texts = messages.instance.permissions

export function PermissionsPage() {
  const name = useInstanceName()
  const maySee = useMayDo(name, 'see_permissions')
  const mayChange = useMayDo(name, 'change_permissions') === true
  const { data, error, refetch } = useQuery({ ...instancePermissionsQuery(name), enabled: maySee === true })
  const [isAdding, setAdding] = useState(false)
  if (maySee === false) return <Denied />
  if (data === undefined)
    return error === null ? <Skeleton /> : <PageError error={error} onRetry={() => void refetch()} />
  const rows = rowsOf(data)
  return (
    <Section>
      <Notice>
        <p>
          {texts.explanation}{' '}
          <Link to="/compute/instances/$name/roles" params={{ name }}>
            {texts.roles}
          </Link>
        </p>
      </Notice>
      {mayChange && (
        <Toolbar>
          <Button kind="primary" onPress={() => setAdding(true)}>
            {texts.add}
          </Button>
        </Toolbar>
      )}
      <PermissionTable instance={name} rows={rows} mayChange={mayChange} />
      {isAdding && <AddPermission instance={name} rows={rows} onClose={() => setAdding(false)} />}
    </Section>
  )
}
