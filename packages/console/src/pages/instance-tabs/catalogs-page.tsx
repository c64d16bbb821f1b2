/** Catalogs and tables that claims may name, and who may read them (design 5.8). */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { instanceCatalogsQuery } from '../../data/catalogs.ts'
import { instanceQuery, useMayDo } from '../../data/instances.ts'
import { instanceTablesQuery } from '../../data/registered-tables.ts'
import { Button } from '../../kit/button.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { EmptyState, Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useInstanceName } from '../instance/use-instance-name.ts'
import { CatalogTree } from './catalog-tree.tsx'
import { ReadersPanel } from './readers-panel.tsx'
import { RegisterDialog, type Registered } from './register-dialog.tsx'
import { catalogsSearch, useSearchOf } from './searches.ts'
import { securableOf } from './securable.ts'
import styles from './catalogs.module.css'
import { Denied } from '../instance/denied.tsx'

export function CatalogsPage() {
  const name = useInstanceName()
  const may = useMayDo(name, 'manage_catalogs')
  if (may === undefined) return <Skeleton />
  return may ? <Catalogs instance={name} /> : <Denied />
}

function Catalogs({ instance }: { readonly instance: string }) {
  const texts = messages.instanceTabs.catalogs
  const catalogs = useQuery(instanceCatalogsQuery(instance))
  const tables = useQuery(instanceTablesQuery(instance))
  const { data: shown } = useQuery(instanceQuery(instance))
  const { on } = useSearchOf(catalogsSearch)
  const navigate = useNavigate()
  const [registering, setRegistering] = useState<Registered>()
  const choose = (name: string | undefined) => void navigate({ to: '.', search: { on: name } })
  const error = catalogs.error ?? tables.error
  if (catalogs.data === undefined || tables.data === undefined)
    return error === null ? (
      <Skeleton />
    ) : (
      <PageError error={error} onRetry={() => void Promise.all([catalogs.refetch(), tables.refetch()])} />
    )
  // Registering needs the instance to be running, because it reads the databases.
  const isAvailable = shown?.state === 'AVAILABLE'
  const buttons = (
    <>
      <Button kind="primary" isDisabled={!isAvailable} onPress={() => setRegistering('catalog')}>
        {texts.registerCatalog}
      </Button>
      <Button isDisabled={!isAvailable} onPress={() => setRegistering('table')}>
        {texts.registerTable}
      </Button>
    </>
  )
  const isEmpty = catalogs.data.length === 0 && tables.data.length === 0
  const chosen = on === undefined ? undefined : securableOf(on)
  return (
    <>
      {shown !== undefined && !isAvailable && (
        <Notice>{texts.notAvailable(messages.instance.states[shown.state])}</Notice>
      )}
      {isEmpty ? (
        <EmptyState actions={buttons}>{texts.empty}</EmptyState>
      ) : (
        <>
          <Toolbar>{buttons}</Toolbar>
          <div className={styles['columns']}>
            <CatalogTree
              instance={instance}
              catalogs={catalogs.data}
              tables={tables.data}
              chosen={on}
              onChoose={choose}
            />
            {chosen === undefined ? (
              <p className={styles['hint']}>{texts.choose}</p>
            ) : (
              <ReadersPanel
                key={chosen.name}
                securable={chosen}
                isCatalogRegistered={catalogs.data.some(({ name }) => name === chosen.name)}
                onChoose={choose}
              />
            )}
          </div>
        </>
      )}
      {registering !== undefined && (
        <RegisterDialog
          instance={instance}
          what={registering}
          catalogs={catalogs.data}
          onDone={choose}
          onClose={() => setRegistering(undefined)}
        />
      )}
    </>
  )
}
