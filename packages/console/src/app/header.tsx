/** The top of every page: the workspace and the person. */
import { IconHelp, IconSearch } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { signOut, useSession } from '../data/session.ts'
import { Button } from '../kit/button.tsx'
import { Menu } from '../kit/menu.tsx'
import { messages } from '../messages/index.ts'
import { LiveStatus } from './live-status.tsx'
import styles from './shell.module.css'
import { Sign } from './sign.tsx'
import { IS_APPLE } from './use-keys.ts'

export interface HeaderProps {
  readonly onSearch: () => void
  readonly onHelp: () => void
}

export function Header({ onSearch, onHelp }: HeaderProps) {
  const session = useSession()
  const navigate = useNavigate()
  const go = (to: string) => void navigate({ to })
  return (
    <header className={styles['header']}>
      <Link to="/compute/instances" className={styles['wordmark']}>
        <Sign className={styles['sign'] ?? ''} />
        <span className={styles['product']}>{messages.app.product}</span>
      </Link>
      <Workspace />
      <div className={styles['middle']}>
        <button type="button" className={styles['search']} onClick={onSearch} aria-haspopup="dialog">
          <IconSearch size={16} aria-hidden />
          <span>{messages.app.searchOrJump}</span>
          <kbd aria-hidden>{IS_APPLE ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
      </div>
      <LiveStatus />
      <Menu
        label={messages.app.help}
        trigger={
          <Button kind="quiet" aria-label={messages.app.help}>
            <IconHelp size={20} aria-hidden />
          </Button>
        }
        actions={[
          { id: 'connect', label: messages.app.palette.connect, onAction: () => go('/help/connect') },
          { id: 'refusals', label: messages.app.palette.refusals, onAction: () => go('/help/refusals') },
          { id: 'keys', label: messages.app.keys.title, onAction: onHelp },
        ]}
      />
      <Menu
        label={messages.app.userMenu(session.person.name)}
        trigger={
          <Button kind="quiet" aria-label={messages.app.userMenu(session.person.name)}>
            <span aria-hidden className={styles['initials']}>
              {initialsOf(session.person.display_name)}
            </span>
          </Button>
        }
        actions={[
          { id: 'settings', label: messages.app.settings, onAction: () => go('/settings/profile') },
          {
            id: 'access-tokens',
            label: messages.app.palette.accessTokens,
            onAction: () => go('/settings/access-tokens'),
          },
          { id: 'sign-out', label: messages.app.signOut, onAction: () => void signOut(session) },
        ]}
      />
    </header>
  )
}

/** Each workspace has a host of its own, and a separate session there. */
function Workspace() {
  const { workspace, workspaces } = useSession()
  const others = workspaces.filter(({ id }) => id !== workspace.id)
  const name = <bdi className={styles['workspace']}>{workspace.name}</bdi>
  if (others.length === 0) return <span className={styles['place']}>{name}</span>
  return (
    <span className={styles['place']}>
      <Menu
        label={messages.app.workspaceMenu(workspace.name)}
        trigger={
          <Button kind="quiet" aria-label={messages.app.workspaceMenu(workspace.name)}>
            {name}
          </Button>
        }
        actions={others.map(({ id, name: label, url }) => ({ id, label, href: `${url}/console` }))}
      />
    </span>
  )
}

const initialsOf = (name: string): string =>
  name
    .split(/[\s.@_-]+/)
    .filter((part) => part !== '')
    .slice(0, 2)
    .map((part) => String.fromCodePoint(part.codePointAt(0) ?? 0).toUpperCase())
    .join('')
