import { openFirefox } from '../../scripts/firefox.mjs'
import { fourTabs } from '../tabs/four-tabs.ts'

fourTabs('Firefox', openFirefox)
