// The screens: their place in the rail, their letter behind "g", and how they are loaded.
import type { Component } from 'vue'
import type { Key } from './lib/i18n'
import type { IconName } from './ui/icons'

export interface Screen { name: string; title: Key; icon: IconName; letter: string; load: () => Promise<{ default: Component }> }

export const groups: { title: Key; screens: Screen[] }[] = [
  { title: 'nav.watch', screens: [
    { name: 'overview', title: 'nav.overview', icon: 'overview', letter: 'o', load: () => import('./screens/Overview.vue') },
    { name: 'logs', title: 'nav.logs', icon: 'logs', letter: 'l', load: () => import('./screens/Logs.vue') },
    { name: 'inspector', title: 'nav.inspector', icon: 'inspector', letter: 'i', load: () => import('./screens/Inspector.vue') },
  ] },
  { title: 'nav.connect', screens: [
    { name: 'channels', title: 'nav.channels', icon: 'channels', letter: 'c', load: () => import('./screens/Channels.vue') },
    { name: 'keys', title: 'nav.keys', icon: 'keys', letter: 'k', load: () => import('./screens/Keys.vue') },
    { name: 'routes', title: 'nav.routes', icon: 'routes', letter: 'r', load: () => import('./screens/Routes.vue') },
    { name: 'plugins', title: 'nav.plugins', icon: 'plugins', letter: 'p', load: () => import('./screens/Plugins.vue') },
    { name: 'playground', title: 'nav.playground', icon: 'playground', letter: 't', load: () => import('./screens/Playground.vue') },
  ] },
  { title: 'nav.system', screens: [
    { name: 'config', title: 'nav.config', icon: 'config', letter: 'f', load: () => import('./screens/Config.vue') },
    { name: 'settings', title: 'nav.settings', icon: 'settings', letter: 's', load: () => import('./screens/Settings.vue') },
  ] },
]
export const screens = groups.flatMap((g) => g.screens)
