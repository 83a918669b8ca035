import { openChromium } from '../../scripts/chromium.mjs'
import { fourTabs } from './four-tabs.ts'

fourTabs('Chromium', openChromium)
