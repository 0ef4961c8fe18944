<#
.SYNOPSIS
Installs tray-dictate on Windows for your user, and starts it. Run it again to upgrade.

.DESCRIPTION
Needs no administrator rights. Everything goes to %LOCALAPPDATA%\tray_dictate; uninstall.ps1 removes
it. Never run yet: it was written without a Windows computer.

    powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1

.PARAMETER Yes
Do not ask before installing Python.
.PARAMETER NoStart
Install only.
.PARAMETER Autostart
Also start it at login; without this, the first installation asks.
.PARAMETER BetterModel
Also download a more accurate model for English (63 MB); without this, the first installation asks.
.PARAMETER From
The checkout to install; not needed inside one.
#>
[CmdletBinding()]
param(
    [switch]$Yes,
    [switch]$NoStart,
    [switch]$Autostart,
    [switch]$BetterModel,
    [string]$From = (Split-Path -Parent $PSScriptRoot)
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$data = Join-Path $env:LOCALAPPDATA 'tray_dictate'
$venv = Join-Path $data 'venv'
$bin = Join-Path $data 'bin'
$scripts = Join-Path $venv 'Scripts'

function Stop-With([string]$Message) {
    [Console]::Error.WriteLine("install.ps1: $Message")
    exit 1
}

# Returns the path of a Python that is new enough, or nothing.
function Find-Python {
    $code = 'import sys; print(sys.executable if sys.version_info >= (3, 11) else "")'
    foreach ($command in @(@('py', '-3'), @('python'), @('python3'))) {
        if (-not (Get-Command $command[0] -ErrorAction SilentlyContinue)) { continue }
        $options = @($command | Select-Object -Skip 1)
        try { $found = & $command[0] @options -I -c $code 2>$null } catch { continue }
        if ($LASTEXITCODE -eq 0 -and $found) { return [string]$found }
    }
}

function Install-Python {
    if (-not (Get-Command winget -ErrorAction SilentlyContinue)) {
        Stop-With 'Python 3.11 or newer is needed: install it from python.org, then run this again.'
    }
    if (-not $Yes) {
        $answer = Read-Host 'Python is needed. Install it for you with winget? [Y/n]'
        if ($answer -and $answer -notmatch '^[yY]') { Stop-With 'aborted; nothing was installed.' }
    }
    winget install --exact --id Python.Python.3.13 --scope user --silent `
        --accept-package-agreements --accept-source-agreements
    if ($LASTEXITCODE -ne 0) { Stop-With 'winget could not install Python; the lines above say why.' }
    # what winget has added to the PATH, this PowerShell does not know yet
    $env:Path = [Environment]::GetEnvironmentVariable('Path', 'User') + ';' + $env:Path
}

# Returns the daemons that run from the venv. They must end first: Windows locks their files.
function Get-Daemon {
    Get-CimInstance Win32_Process | Where-Object {
        $_.ExecutablePath -and $_.CommandLine -and $_.CommandLine.Contains($venv) -and
        $_.CommandLine -match '(tray_dictate|tray-dictate)(\.exe)?"?\s+run'
    }
}

function Stop-Daemon {
    if (-not (Get-Daemon)) { return $false }
    & (Join-Path $scripts 'tray-dictate.exe') quit | Out-Null
    for ($i = 0; $i -lt 100 -and (Get-Daemon); $i++) { Start-Sleep -Milliseconds 100 }
    if (Get-Daemon) { Stop-With 'tray-dictate does not stop; quit it and run this again.' }
    return $true
}

# -I: no file of the folder that we are in is taken for a part of Python.
function Invoke-Pip {
    & (Join-Path $scripts 'python.exe') -I -m pip install --disable-pip-version-check `
        --no-cache-dir @args
    if ($LASTEXITCODE -ne 0) { Stop-With 'pip could not install it; the lines above say why.' }
}

function Install-Program {
    if (-not (Test-Path (Join-Path $scripts 'python.exe'))) {
        Write-Output "Creating a virtual environment in $venv"
        & $python -I -m venv --clear $venv
        if ($LASTEXITCODE -ne 0) { Stop-With 'could not create the virtual environment.' }
    }
    Write-Output "Installing tray-dictate from $From"
    # what builds the rest first; only files whose hashes are listed there
    $lists = Join-Path $From 'install_scripts'
    Invoke-Pip --require-hashes --requirement (Join-Path $lists 'build-requirements.txt')
    Invoke-Pip --require-hashes --no-build-isolation `
        --requirement (Join-Path $lists 'requirements.txt')
    Invoke-Pip --no-deps --no-build-isolation --no-index $From
    & (Join-Path $scripts 'tray-dictate.exe') --version | Out-Null
    if ($LASTEXITCODE -ne 0) { Stop-With 'tray-dictate was installed but does not start.' }
    # a folder of its own on the PATH: the venv's would bring its python.exe along
    New-Item -ItemType Directory -Force $bin | Out-Null
    Set-Content -Encoding ascii (Join-Path $bin 'tray-dictate.cmd') `
        '@"%~dp0..\venv\Scripts\tray-dictate.exe" %*'
    $path = [string][Environment]::GetEnvironmentVariable('Path', 'User')
    if (($path -split ';') -notcontains $bin) {
        [Environment]::SetEnvironmentVariable('Path', ($path.TrimEnd(';') + ';' + $bin).TrimStart(';'), 'User')
        Write-Output "$bin will be on your PATH in new terminals."
    }
}

# Starts it at login if the option or, at the first installation, the user says so.
function Enable-Autostart {
    $program = Join-Path $scripts 'tray-dictate.exe'
    if (-not $Autostart -and $first -and -not $Yes) {
        $script:Autostart = (Read-Host 'Start tray-dictate at login? [y/N]') -match '^[yY]'
    }
    if ($Autostart) {
        & $program autostart enable
        return
    }
    & $program autostart status | Out-Null
    if ($LASTEXITCODE -ne 0) {
        Write-Output 'To start it at login, run: tray-dictate autostart enable'
    }
}

# Downloads the larger model for English if the option or, at the first installation, the user says
# so. Without it everything works.
function Get-Model {
    $program = Join-Path $scripts 'tray-dictate.exe'
    $model = 'moonshine-base-en'
    if (@(& $program models --json 2>$null) -match "`"id`": *`"$model`".*`"folder`": *`"") { return }
    $wanted = $BetterModel
    if (-not $wanted -and $first -and -not $Yes) {
        $question = 'Download a model that makes half the mistakes in English (63 MB)? [y/N]'
        $wanted = (Read-Host $question) -match '^[yY]'
    }
    if (-not $wanted) {
        Write-Output "For half the mistakes in English (63 MB), run: tray-dictate models get $model"
        return
    }
    & $program models get $model
    if ($LASTEXITCODE -ne 0) {
        Write-Output "The built-in model is used. To try again, run: tray-dictate models get $model"
    }
}

if (-not (Select-String -Quiet -SimpleMatch 'name = "tray-dictate"' `
            (Join-Path $From 'pyproject.toml') -ErrorAction SilentlyContinue)) {
    Stop-With "$From is not a checkout of tray_dictate; name one with -From FOLDER."
}
$python = Find-Python
if (-not $python) {
    Install-Python
    $python = Find-Python
    if (-not $python) { Stop-With 'Python was installed but not found; open a new terminal.' }
}
$first = -not (Test-Path $venv)
$ran = Stop-Daemon
Install-Program
Write-Output "Installed: $bin\tray-dictate.cmd"
Enable-Autostart
Get-Model
if ($ran -or -not $NoStart) {
    # pythonw has no console window
    Start-Process (Join-Path $scripts 'pythonw.exe') -ArgumentList '-P', '-m', 'tray_dictate', 'run'
    $program = Join-Path $scripts 'tray-dictate.exe'
    $status = @()
    for ($i = 0; $i -lt 20 -and -not $status; $i++) {
        Start-Sleep -Milliseconds 500
        $status = @(& $program status 2>$null) -match '^To dictate:'
    }
    if (-not $status) { Stop-With 'tray-dictate does not answer; the log says why.' }
    Write-Output ('tray-dictate is running: ' + ($status[0] -replace '^To dictate:\s*', '') + '.')
}
