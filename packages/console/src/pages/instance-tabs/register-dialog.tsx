/** Registers a database as a catalog, or a single table. */
import { useQuery } from '@tanstack/react-query'
import type { DatabaseCatalog } from '@lakegate/client'
import { z } from 'zod'
import { instanceDatabasesQuery } from '../../data/instance-databases.ts'
import {
  catalogBody,
  registerCatalog,
  registerTable,
  tableBody,
  useRegisteredChanged,
} from '../../data/registered-tables.ts'
import { Button } from '../../kit/button.tsx'
import { Checkbox } from '../../kit/choice.tsx'
import { ComboBox } from '../../kit/combo-box.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Form } from '../../kit/page.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { apiCall } from '../../text/api-call.ts'
import { FormDialog, FormDialogButtons, useKeepsDialog } from './form-dialog.tsx'
import { catalogOf, securableOf } from './securable.ts'

export type Registered = 'catalog' | 'table'

export interface RegisterDialogProps {
  readonly instance: string
  readonly what: Registered
  readonly catalogs: readonly DatabaseCatalog[]
  readonly onDone: (name: string) => void
  readonly onClose: () => void
}

interface Values {
  readonly name: string
  readonly database: string
  readonly createsDatabase: boolean
}

export function RegisterDialog(props: RegisterDialogProps) {
  const texts = messages.instanceTabs.catalogs
  return (
    <FormDialog
      title={props.what === 'catalog' ? texts.registerCatalog : texts.registerTable}
      onClose={props.onClose}
    >
      <RegisterForm {...props} />
    </FormDialog>
  )
}

function RegisterForm({ instance, what, catalogs, onDone, onClose }: RegisterDialogProps) {
  const texts = messages.instanceTabs.catalogs
  const isCatalog = what === 'catalog'
  const { data: databases = [], isPending } = useQuery(instanceDatabasesQuery(instance))
  const changed = useRegisteredChanged(instance)
  const form = useForm<Values, string>({
    shape: z.object({
      name: z
        .string()
        .min(1, texts.missing)
        .refine((name) => isCatalog || securableOf(name)?.type === 'table', texts.notTable),
      database: z.string().min(1, texts.missing),
      createsDatabase: z.boolean(),
    }),
    initial: { name: '', database: '', createsDatabase: false },
    fieldOf: { database_name: 'database', logical_database_name: 'database' },
    async send(values) {
      await (isCatalog ? registerCatalog(instance, values) : registerTable(instance, values))
      await changed()
      return values.name
    },
    onDone(name) {
      showFlag({ text: texts.registered(name) })
      onClose()
      onDone(name)
    },
  })
  useKeepsDialog(form.isChanged)
  const { name, database, createsDatabase } = form.values
  const setName = (value: string) => {
    form.set('name', value)
    // A table of a registered catalog is in the catalog's database.
    const catalog = isCatalog ? undefined : catalogs.find((candidate) => candidate.name === catalogOf(value))
    if (catalog !== undefined) form.set('database', catalog.database_name)
  }
  const matching = databases.filter((candidate) => candidate.includes(database))
  return (
    <Form
      label={isCatalog ? texts.registerCatalog : texts.registerTable}
      onSubmit={form.submit}
      buttons={
        <FormDialogButtons>
          <Button kind="primary" type="submit" isBusy={form.isBusy}>
            {isCatalog ? texts.registerCatalog : texts.registerTable}
          </Button>
        </FormDialogButtons>
      }
    >
      <Notice tone="warn">{texts.warning}</Notice>
      <TextField
        label={isCatalog ? texts.catalogName : texts.tableName}
        hint={isCatalog ? texts.catalogNameHint : texts.tableNameHint}
        value={name}
        onChange={setName}
        problem={form.problemOf('name')}
        isMono
        autoComplete="off"
      />
      <ComboBox
        label={texts.database}
        options={matching.map((candidate) => ({ value: candidate, label: candidate }))}
        text={database}
        onTextChange={(value) => form.set('database', value)}
        onChoose={(value) => form.set('database', value)}
        isSearching={isPending}
        allowsOther
        problem={form.problemOf('database')}
      />
      {isCatalog && (
        <Checkbox isSelected={createsDatabase} onChange={(value) => form.set('createsDatabase', value)}>
          {texts.createsDatabase}
        </Checkbox>
      )}
      <ShowAsCall
        code={
          isCatalog
            ? apiCall('POST', '/api/2.0/database/catalogs', catalogBody(instance, form.values))
            : apiCall('POST', '/api/2.0/database/tables', tableBody(instance, form.values))
        }
      />
      <InlineError error={form.error} />
    </Form>
  )
}
