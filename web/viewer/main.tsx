/** The viewer's page: everything below one folder, to be looked at and decided on. */
import { createRoot } from 'react-dom/client';
import { Guard } from '../ui/Guard.tsx';
import { App } from './App.tsx';
import '../ui/theme.css';
import './viewer.css';

createRoot(document.getElementById('app')!).render(
  <Guard place="">
    <App />
  </Guard>,
);
