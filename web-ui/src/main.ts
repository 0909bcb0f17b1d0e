// Answers for: deciding which of the screens this visit needs, and fetching only that one.
import './styles/base.css';
import './styles/print.css';
import { mount } from 'svelte';
import { stayThere } from './app/offline';
import Root from './app/Root.svelte';

const target = document.getElementById('app');
if (target) mount(Root, { target });
stayThere();
