/** The columns of the list of instances. */
import type { DatabaseInstance } from '@lakegate/client'
import { Link } from '@tanstack/react-router'
import type { Column } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { StateBadge } from '../instance/state-badge.tsx'
import styles from './compute.module.css'
import { capacityUnits, postgresVersion } from './instance-filter.ts'

const texts = messages.compute

/** @param ownName name of the person, shown as «you» in the list */
export const instanceColumns = (ownName: string): readonly Column<DatabaseInstance>[] => [
  {
    id: 'name',
    title: texts.columns.name,
    sortBy: ({ name }) => name,
    render: ({ name, attached }) => (
      <>
        <Link to="/compute/instances/$name" params={{ name }} title={name}>
          <Name name={name} />
        </Link>
        {attached !== undefined && (
          <span className={styles['attached']}> ({messages.instance.attached})</span>
        )}
      </>
    ),
  },
  {
    id: 'state',
    title: texts.columns.state,
    sortBy: ({ state }) => messages.instance.states[state],
    render: (instance) => <StateBadge instance={instance} />,
  },
  {
    id: 'capacity',
    title: texts.columns.capacity,
    sortBy: ({ effective_capacity: capacity }) => Number(capacityUnits(capacity)),
    render: ({ attached, effective_capacity: capacity }) =>
      attached === undefined ? texts.capacity(capacityUnits(capacity)) : undefined,
  },
  {
    id: 'postgres',
    title: texts.columns.postgres,
    sortBy: (instance) => Number(postgresVersion(instance)),
    render: postgresVersion,
  },
  {
    id: 'native',
    title: texts.columns.nativeLogin,
    render: ({ effective_enable_pg_native_login: isOn }) => (isOn ? texts.on : texts.off),
  },
  {
    id: 'owner',
    title: texts.columns.owner,
    sortBy: ({ creator }) => creator,
    render: ({ creator }) => (creator === ownName ? texts.you : <Name name={creator} />),
  },
  {
    id: 'created',
    title: texts.columns.created,
    sortBy: ({ creation_time: created }) => Date.parse(created),
    render: ({ creation_time: created }) => <TimeText at={created} />,
  },
]
