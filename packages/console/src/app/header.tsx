/** The top of every page: where, and who. */
import { IconHelp } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { signOut, useSession } from '../data/session.ts'
import { Button } from '../kit/button.tsx'
import { Menu } from '../kit/menu.tsx'
import { messages } from '../messages/index.ts'
import { Sign } from './sign.tsx'
import styles from './shell.module.css'

export function Header() {
  const session = useSession()
  const navigate = useNavigate()
  const others = session.workspaces.filter(({ id }) => id !== session.workspace.id)
  const go = (to: string) => void navigate({ to })
  return (
    <header className={styles['header']}>
      <Link to="/compute/instances" className={styles['wordmark']}>
        <Sign className={styles['sign'] ?? ''} />
        {messages.app.product}
      </Link>
      {others.length === 0 ? (
        <bdi>{session.workspace.name}</bdi>
      ) : (
        <Menu
          label={messages.app.workspaceMenu(session.workspace.name)}
          trigger={<Button kind="quiet">{session.workspace.name}</Button>}
          // Each workspace has a host of its own.
          actions={others.map(({ id, name, url }) => ({ id, label: name, href: `${url}/console` }))}
        />
      )}
      <div className={styles['middle']} />
      <Link to="/help/connect" aria-label={messages.app.help}>
        <IconHelp size={20} aria-hidden />
      </Link>
      <Menu
        label={messages.app.userMenu(session.person.name)}
        trigger={
          <Button kind="quiet" aria-label={messages.app.userMenu(session.person.name)}>
            {initialsOf(session.person.display_name)}
          </Button>
        }
        actions={[
          { id: 'settings', label: messages.app.settings, onAction: () => go('/settings/profile') },
          { id: 'sign-out', label: messages.app.signOut, onAction: () => void signOut() },
        ]}
      />
    </header>
  )
}

const initialsOf = (name: string): string =>
  name
    .split(/[\s.@_-]+/)
    .slice(0, 2)
    .map((part) => part.slice(0, 1).toUpperCase())
    .join('')
